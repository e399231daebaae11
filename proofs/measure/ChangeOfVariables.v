(** * Change of variables under the sampler: integrands

    For any measurable f, the integral of f against the posterior density is the integral
    of f(mu + sigma eps) against the standard normal density of eps; one exists when the
    other does. On the line from [AffineChange.affine_change], on R^n by Tonelli, one
    coordinate at a time. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral AffineChange LebesgueLine.
From Vaelid.measure Require Import Product GaussianNd.
From Vaelid.base Require FiniteSums Elementary.
From Vaelid.spec Require Gen GenLinks.
From Vaelid.gauss Require Normal.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** ** The affine map of R^n, coordinate by coordinate *)

Fixpoint affine_n (n : nat) (mu s : vec) : Rn n -> Rn n :=
  match n return Rn n -> Rn n with
  | O => fun z => z
  | k.+1 => fun z => (affine_n mu s z.1, affine (mu k) (s k) z.2)
  end.
Arguments affine_n : clear implicits.

Lemma coord_affine_n n mu s (z : Rn n) i :
  (i < n)%nat -> coord (affine_n n mu s z) i = mu i + s i * coord z i.
Proof.
elim: n z => [//|n IH] z; rewrite ltnS leq_eqVlt /=.
by case: eqVneq => [->//|_ /= lin]; exact: IH.
Qed.

Lemma measurable_affine_n n mu s : measurable_fun setT (affine_n n mu s).
Proof.
elim: n => [|n IH]; first exact: measurable_fun_id.
apply/(prod_measurable_funP (affine_n n.+1 mu s)); split.
- exact: (measurable_fun_comp IH (@measurable_fst (Rn_space n) line_space)).
- exact: (measurable_fun_comp (measurable_affine (mu n) (s n))
            (@measurable_snd (Rn_space n) line_space)).
Qed.

Lemma affine_n_inverse n mu s (z : Rn n) : (forall i, s i != 0) ->
  affine_n n mu s (affine_n n (fun i => - mu i / s i) (fun i => (s i)^-1) z) = z.
Proof.
move=> s0; elim: n z => [//|n IH] [z x] /=; rewrite IH; congr pair.
by rewrite /affine mulrDr mulVKf// mulrCA divff// mulr1 addrA subrr add0r.
Qed.

(** ** Integrals of nonnegative functions *)

Definition stretch (n : nat) (s : vec) : RR := FiniteSums.fprod (fun i => `|s i|) n.

Lemma stretch_nonneg n s : 0 <= stretch n s.
Proof. by elim: n => [|n IH]; [exact: ler01|exact: mulr_ge0]. Qed.

Theorem affine_change_nd n mu s (f : Rn n -> \bar real_realType) :
  (forall i, s i != 0) -> measurable_fun setT f -> (forall z, 0 <= f z)%E ->
  (\int[leb_n n]_z f z = \int[leb_n n]_z ((stretch n s)%:E * f (affine_n n mu s z)))%E.
Proof.
move=> s0; elim: n f => [|n IH] f mf f0.
  by apply: eq_integral => z _; rewrite /stretch /= mul1e.
have sfl := reference_sigma_finite line_space.
pose T := affine_n n.+1 mu s.
pose g (z : Rn n.+1) : \bar real_realType :=
  (`|s n|%:E * f (z.1, affine (mu n) (s n) z.2))%E.
pose h (z : Rn n.+1) : \bar real_realType := ((stretch n.+1 s)%:E * f (T z))%E.
have mpair : measurable_fun setT (fun z : Rn n.+1 => (z.1, affine (mu n) (s n) z.2) : Rn n.+1).
  apply/(prod_measurable_funP (fun z : Rn n.+1 => (z.1, affine (mu n) (s n) z.2))); split.
  - exact: (@measurable_fst (Rn_space n) line_space).
  - exact: (measurable_fun_comp (measurable_affine (mu n) (s n))
              (@measurable_snd (Rn_space n) line_space)).
have mg : measurable_fun setT g by apply: measurable_funeM; exact: (measurable_fun_comp mf mpair).
have mh : measurable_fun setT h.
  apply: measurable_funeM; apply: (measurable_fun_comp mf).
  exact: measurable_affine_n.
have g0 z : (0 <= g z)%E by apply: mule_ge0; rewrite ?lee_fin.
have h0 z : (0 <= h z)%E by apply: mule_ge0; rewrite ?lee_fin ?stretch_nonneg.
have E1 := @fubini_tonelli1 _ _ _ _ _ (leb_n n) leb sfl f mf f0.
have E2 := @fubini_tonelli1 _ _ _ _ _ (leb_n n) leb sfl h mh h0.
rewrite -[LHS]/(\int[product_measure1 (leb_n n) sfl]_z f z)%E E1.
rewrite -[RHS]/(\int[product_measure1 (leb_n n) sfl]_z h z)%E E2.
transitivity (\int[leb_n n]_z fubini_F leb g z)%E.
  apply: eq_integral => z _; rewrite /fubini_F.
  rewrite (@affine_change (mu n) (s n) setT (fun x => f (z, x)) (s0 n)) ?preimage_setT//.
  exact: (measurable_fun_prod1 z mf).
rewrite (IH (fubini_F leb g)); last 2 first.
- exact: (@measurable_fun_fubini_tonelli_F _ _ _ _ _ leb sfl g mg g0).
- by move=> z; apply: integral_ge0.
apply: eq_integral => z _; rewrite /fubini_F -ge0_integralM//; last 2 first.
- exact: (measurable_fun_prod1 (affine_n n mu s z) mg).
- by rewrite lee_fin stretch_nonneg.
by apply: eq_integral => x _; rewrite /g /h muleA -EFinM.
Qed.

(** ** Real integrands, against the two densities *)

Lemma sd_neq0 logvar : sd logvar != 0.
Proof. by apply/eqP; apply: Rgt_not_eq; exact: sd_pos. Qed.

(** The sampler's map. *)
Definition sampler_map (mu logvar : vec) (n : nat) : Rn n -> Rn n :=
  affine_n n mu (fun i => sd (logvar i)).
Arguments sampler_map : clear implicits.

Lemma coord_sampler_map mu logvar n (e : Rn n) i :
  (i < n)%nat -> coord (sampler_map mu logvar n e) i =
    Gen.reparameterize_diag mu logvar (coord e) i.
Proof. by move=> lin; rewrite coord_affine_n// GenLinks.reparameterize_diag_eq. Qed.

Lemma measurable_sampler_map mu logvar n : measurable_fun setT (sampler_map mu logvar n).
Proof. exact: measurable_affine_n. Qed.

(** The posterior density at the sample, times the stretch, is the prior density. *)
Lemma posterior_sampler_map mu logvar n (e : Rn n) :
  stretch n (fun i => sd (logvar i)) * posterior mu logvar (sampler_map mu logvar n e) = prior e.
Proof.
rewrite /posterior /prior !density_coord /stretch -[LHS]/(Rmult _ _) -FiniteSums.fprod_mult.
apply: FiniteSums.fprod_ext => i /ssrnat.leP lin; rewrite coord_affine_n//.
rewrite -(Normal.normal_pdf_affine (mu i) (sd (logvar i)));
  last by apply: Rgt_not_eq; exact: sd_pos.
by rewrite R_sqrt.sqrt_square//; left; exact: sd_pos.
Qed.

Theorem sampler_change_of_variables mu logvar n (g : Rn n -> RR) (l : RR) :
  measurable_fun setT g ->
  has_int (leb_n n) (fun z => Rmult (posterior mu logvar z) (g z)) l <->
  has_int (leb_n n) (fun e => Rmult (prior e) (g (sampler_map mu logvar n e))) l.
Proof.
move=> mg; pose s i := sd (logvar i); pose c := stretch n s.
have mpost : measurable_fun setT (@posterior mu logvar n).
  exact: has_int_measurable (has_int_posterior mu logvar n).
have H (h : Rn n -> \bar real_realType) : measurable_fun setT h -> (forall z, 0 <= h z)%E ->
    (\int[leb_n n]_z h z = \int[leb_n n]_e (c%:E * h (sampler_map mu logvar n e)))%E.
  by move=> mh h0; apply: affine_change_nd => // i; exact: sd_neq0.
have c0 (e : Rn n) : 0 <= (fun=> c) e by exact: stretch_nonneg.
have mc : measurable_fun setT ((fun=> c) : Rn n -> RR) by exact: measurable_fun_cst.
have mpg : measurable_fun setT (fun z : Rn n => posterior mu logvar z * g z).
  exact: measurable_funM.
have := has_int_transfer c0 mc (@measurable_sampler_map mu logvar n) H l mpg.
rewrite (_ : (fun e : Rn n => c * _) =
  (fun e => Rmult (prior e) (g (sampler_map mu logvar n e))))//.
by apply/funext => e; rewrite mulrA posterior_sampler_map.
Qed.

(** The same on the line. *)
Theorem normal_change_of_variables (mu sigma : RR) (g : borel -> RR) (l : RR) :
  Rlt 0 sigma -> measurable_fun setT g ->
  has_int leb (fun z => Rmult (Normal.normal_pdf mu sigma z) (g z)) l <->
  has_int leb (fun e => Rmult (Normal.normal_pdf (IZR 0) (IZR 1) e)
                              (g (Rplus mu (Rmult sigma e)))) l.
Proof.
move=> s0 mg; have sn : sigma != 0 by apply/eqP; exact: Rgt_not_eq.
have H (h : borel -> \bar real_realType) : measurable_fun setT h -> (forall z, 0 <= h z)%E ->
    (\int[leb]_z h z = \int[leb]_e (`|sigma|%:E * h (affine mu sigma e)))%E.
  by move=> mh h0; rewrite (affine_change mu sn measurableT mh h0) preimage_setT.
have c0 (e : borel) : 0 <= (fun=> `|sigma|) e by exact: normr_ge0.
have mc : measurable_fun setT ((fun=> `|sigma|) : borel -> RR) by exact: measurable_fun_cst.
have mpg : measurable_fun setT (fun z : borel => (Normal.normal_pdf mu sigma z : RR) * g z).
  by apply: measurable_funM => //; exact: measurable_normal_pdf.
have := has_int_transfer c0 mc (measurable_affine mu sigma) H l mpg.
rewrite (_ : (fun e : borel => `|sigma| * _) =
  (fun e => Rmult (Normal.normal_pdf (IZR 0) (IZR 1) e) (g (Rplus mu (Rmult sigma e)))))//.
apply/funext => e; rewrite mulrA.
rewrite -(Normal.normal_pdf_affine mu sigma); last exact: Rgt_not_eq.
by rewrite R_sqrt.sqrt_square//; left.
Qed.
