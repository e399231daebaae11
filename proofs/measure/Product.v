(** * The latent space R^n, and product densities on it

    R^n is built by pairing coordinates, R^(n+1) = R^n x R, with the product of Lebesgue
    measures; R^0 is a point. By Fubini, a product of functions of separate coordinates has
    the product of their integrals; so product densities are normalised, and the KL of two
    of them is the sum of the KLs of the coordinates. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine.
From Vaelid.base Require FiniteSums Elementary.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** ** Spaces with a sigma-finite reference measure, and their products *)

Record Space := MkSpace {
  display : measure_display;
  points : measurableType display;
  reference : {measure set points -> \bar real_realType};
  reference_sigma_finite : sigma_finite setT reference
}.

Section product.
Variables X Y : Space.
Local Notation XY := [the measurableType _ of (points X * points Y)%type].

Definition product_reference : {measure set XY -> \bar real_realType} :=
  [the measure _ _ of product_measure1 (reference X) (reference_sigma_finite Y)].

Lemma product_reference_sigma_finite : sigma_finite setT product_reference.
Proof.
have /sigma_finiteP[F1 F1_T [F1_nd F1_oo]] := reference_sigma_finite X.
have /sigma_finiteP[F2 F2_T [F2_nd F2_oo]] := reference_sigma_finite Y.
exists (fun n => F1 n `*` F2 n).
  rewrite -setMTT F1_T F2_T predeqE => -[x y]; split; last first.
    by move=> [n _ []/= ? ?]; split; exists n.
  move=> [/= [n _ F1nx] [k _ F2ky]]; exists (maxn n k) => //; split.
  - by move: x F1nx; apply/subsetPset/F1_nd; rewrite leq_maxl.
  - by move: y F2ky; apply/subsetPset/F2_nd; rewrite leq_maxr.
move=> n; have [m1 f1] := F1_oo n; have [m2 f2] := F2_oo n.
split; first exact: measurableM.
by rewrite /= product_measure1E// lte_mul_pinfty// ge0_fin_numE.
Qed.

Definition product_space : Space := MkSpace product_reference_sigma_finite.

Lemma measurable_fst : measurable_fun setT (fst : XY -> points X).
Proof. exact: (((prod_measurable_funP (@id XY)).1 (@measurable_fun_id _ _ _)).1). Qed.

Lemma measurable_snd : measurable_fun setT (snd : XY -> points Y).
Proof. exact: (((prod_measurable_funP (@id XY)).1 (@measurable_fun_id _ _ _)).2). Qed.

(** A product of functions of the two parts. *)
Lemma has_int_product (f : points X -> RR) (g : points Y -> RR) (a b : RR) :
  has_int (reference X) f a -> has_int (reference Y) g b ->
  has_int product_reference (fun z => f z.1 * g z.2) (a * b).
Proof.
move=> Hf Hg; have mf := has_int_measurable Hf; have mg := has_int_measurable Hg.
have [[_ If] Ef] := Hf; have [[_ Ig] Eg] := Hg.
pose fg (z : XY) : \bar RR := (f z.1 * g z.2)%:E.
have mfg : measurable_fun setT fg.
  apply: measurable_EFin; apply: measurable_funM.
  - exact: (measurable_fun_comp mf measurable_fst).
  - exact: (measurable_fun_comp mg measurable_snd).
have fin : product_reference.-integrable setT fg.
  apply: (proj2 (fubini1a (reference X) (reference_sigma_finite Y) mfg)).
  have inner x : (\int[reference Y]_y `|fg (x, y)| =
                  `|(f x)%:E| * \int[reference Y]_y `|(g y)%:E|)%E.
    rewrite -ge0_integralM//; last by apply: measurable_fun_comp => //; exact: measurable_EFin.
    by apply: eq_integral => y _; rewrite -abseM -EFinM.
  under eq_integral do rewrite inner muleC.
  rewrite ge0_integralM//; last 2 first.
  - by apply: measurable_fun_comp => //; exact: measurable_EFin.
  - exact: integral_ge0.
  by rewrite lte_mul_pinfty// ?integral_ge0// ge0_fin_numE ?integral_ge0.
split=> //.
transitivity (\int[reference X]_x fubini_F (reference Y) fg x)%E.
  by rewrite (@fubini1 _ _ _ _ _ _ _ (reference_sigma_finite Y) fg mfg fin).
transitivity (\int[reference X]_x (b%:E * (f x)%:E))%E.
  apply: eq_integral => x _; rewrite /fubini_F/fg/=.
  under eq_integral do rewrite EFinM.
  by rewrite (integralM measurableT (proj1 Hg)) Eg muleC.
by rewrite (integralM measurableT (proj1 Hf)) Ef -EFinM mulrC.
Qed.
End product.

(** ** The line, the point, and R^n *)

Lemma leb_sigma_finite : sigma_finite setT leb.
Proof.
exists window.
  apply/esym/seteqP; split=> // x _ /=; exists (absz (ceil `|x : RR|)).+1 => //.
  by apply: set_mem; exact: in_window.
move=> n; split; first exact: measurable_window.
have nn : - (n%:R : RR) <= n%:R by rewrite -subr_ge0 opprK addr_ge0 ?ler0n.
by rewrite /window (lebesgue_interval nn) ltry.
Qed.

Definition line_space : Space := MkSpace leb_sigma_finite.

Lemma probability_sigma_finite d (T : measurableType d)
    (P : {measure set T -> \bar real_realType}) :
  P setT = 1%E -> sigma_finite setT P.
Proof.
move=> P1; exists (fun=> setT); first by apply/esym/seteqP; split=> // x _; exists 0%nat.
by move=> _; split=> //; rewrite P1 ltry.
Qed.

(** No coordinates: the integral is evaluation at a point. *)
Definition dirac0 : {measure set borel -> \bar real_realType} :=
  [the measure _ _ of \d_ (0 : borel)].

Lemma dirac0_total : dirac0 setT = 1%E.
Proof. by rewrite /= diracE in_setT. Qed.

Definition point_space : Space := MkSpace (probability_sigma_finite dirac0_total).

Fixpoint Rn_space (n : nat) : Space :=
  if n is k.+1 then product_space (Rn_space k) line_space else point_space.
Definition Rn (n : nat) := points (Rn_space n).
Definition leb_n (n : nat) := reference (Rn_space n).

(** The vector of coordinates of a point; zero from n on. *)
Fixpoint coord (n : nat) : Rn n -> vec :=
  match n return Rn n -> vec with
  | O => fun _ _ => 0
  | k.+1 => fun z i => if i == k then z.2 else coord z.1 i
  end.

Lemma measurable_coord n i : measurable_fun setT (fun z : Rn n => coord z i).
Proof.
elim: n => [|n IH]; first exact: measurable_fun_cst.
rewrite /=; case: (i == n); first exact: measurable_snd.
exact: (measurable_fun_comp IH (@measurable_fst _ _)).
Qed.

(** ** Product densities *)

Fixpoint density (f : nat -> RR -> RR) (n : nat) : Rn n -> RR :=
  match n return Rn n -> RR with
  | O => fun _ => 1
  | k.+1 => fun z => density f z.1 * f k z.2
  end.

Lemma density_coord f n (z : Rn n) :
  density f z = FiniteSums.fprod (fun i => f i (coord z i)) n.
Proof.
elim: n z => [//|n IH] z /=; rewrite eqxx IH; congr Rmult.
apply: FiniteSums.fprod_ext => i /ssrnat.leP lt_in; by rewrite (ltn_eqF lt_in).
Qed.

Lemma density_pos f n (z : Rn n) : (forall i x, Rlt 0 (f i x)) -> Rlt 0 (density f z).
Proof. by move=> f0; rewrite density_coord; apply: FiniteSums.fprod_pos. Qed.

Lemma has_int_density f n : (forall i, has_int leb (f i) 1) -> has_int (leb_n n) (@density f n) 1.
Proof.
move=> Hf; elim: n => [|n IH]; first exact: (has_int_one dirac0_total).
by rewrite -[X in has_int _ _ X](mulr1 1); exact: (@has_int_product (Rn_space n) line_space).
Qed.

(** ** The KL of product densities *)

Lemma kl_split Q P u v : Rlt 0 Q -> Rlt 0 P -> Rlt 0 u -> Rlt 0 v ->
  Rplus (Rmult (Rmult Q (ln (Rdiv Q P))) u) (Rmult Q (Rmult u (ln (Rdiv u v)))) =
  Rmult (Rmult Q u) (ln (Rdiv (Rmult Q u) (Rmult P v))).
Proof.
move=> Q0 P0 u0 v0.
rewrite !Elementary.ln_div//; try exact: Rmult_lt_0_compat.
by rewrite !ln_mult//; ring.
Qed.

Theorem kl_product (q p : nat -> RR -> RR) (kl : nat -> RR) n :
  (forall i x, Rlt 0 (q i x)) -> (forall i x, Rlt 0 (p i x)) ->
  (forall i, has_int leb (q i) 1) ->
  (forall i, has_int leb (fun x => Rmult (q i x) (ln (Rdiv (q i x) (p i x)))) (kl i)) ->
  has_int (leb_n n) (fun z => Rmult (density q z) (ln (Rdiv (density q z) (density p z))))
    (FiniteSums.fsum kl n).
Proof.
move=> q0 p0 q1 Hkl; elim: n => [|n IH].
  apply: (@has_int_ext _ _ _ (fun z => 0 * 1)).
    by move=> z /=; rewrite /Rdiv Rinv_1 Rmult_1_r ln_1 mul0r Rmult_0_r.
  rewrite [X in has_int _ _ X](_ : _ = 0 * 1); last by rewrite mul0r.
  by apply: has_int_scal; exact: (has_int_one dirac0_total).
have H1 := @has_int_product (Rn_space n) line_space _ _ _ _ IH (q1 n).
have H2 := @has_int_product (Rn_space n) line_space _ _ _ _ (has_int_density n q1) (Hkl n).
have := has_int_plus H1 H2; rewrite mulr1 mul1r; apply: has_int_ext => -[z x] /=.
by apply: kl_split => //; exact: density_pos.
Qed.
