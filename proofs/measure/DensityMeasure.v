(** * The measure with a given density, and integrals for it

    [density_measure f] has f >= 0 as its density for lam. Integrating g for it is
    integrating g f for lam ([integral_density], by simple functions and monotone
    convergence). Last, product densities on R^n give the product of the coordinates'
    measures on rectangles, and no other measure does. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Product.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Section density_measure.
Context d (T : measurableType d) (lam : {measure set T -> \bar real_realType}).
Variables (f : T -> RR) (l : RR).
Hypothesis f_nonneg : forall z, 0 <= f z.
Hypothesis has_int_f : has_int lam f l.

Definition with_density (A : set T) : \bar RR := (\int[lam]_(z in A) (f z)%:E)%E.

Local Lemma integrable_f A : measurable A -> lam.-integrable A (EFin \o f).
Proof. by move=> mA; apply: (@integrableS _ _ _ lam setT) => //; exact: has_int_f.1. Qed.

Local Lemma with_density0 : with_density set0 = 0%E.
Proof. exact: integral_set0. Qed.

Lemma with_density_ge0 A : (0 <= with_density A)%E.
Proof. by apply: integral_ge0 => x _; rewrite lee_fin. Qed.

Local Lemma with_density_additive : semi_sigma_additive with_density.
Proof.
move=> F mF tF mUF.
have -> : with_density (\bigcup_n F n) = (\sum_(n <oo) with_density (F n))%E.
  apply: (@ge0_integral_bigcup _ _ _ lam F (EFin \o f)) => //; first exact: integrable_f.
  by move=> x _; rewrite lee_fin.
apply/cvg_closeP; split; last by rewrite closeE.
by apply: is_cvg_nneseries => k _; exact: with_density_ge0.
Qed.
HB.instance Definition _ := isMeasure.Build _ _ _ with_density
  with_density0 with_density_ge0 with_density_additive.
Definition density_measure : {measure set T -> \bar real_realType} :=
  [the measure _ _ of with_density].

Lemma density_measure_fin A : measurable A -> with_density A \is a fin_num.
Proof. by move=> mA; apply: integral_fune_fin_num => //; exact: integrable_f. Qed.

Lemma measurable_density : measurable_fun setT f.
Proof. exact: has_int_measurable has_int_f. Qed.

Lemma has_int_indic A :
  measurable A -> has_int lam (fun z => f z * \1_A z) (fine (with_density A)).
Proof.
move=> mA; apply: has_int_of_nonneg.
- by apply: measurable_funM; [exact: measurable_density|exact: measurable_fun_indic].
- by move=> z; rewrite mulr_ge0.
- rewrite fineK ?density_measure_fin// /with_density [RHS]integral_mkcond.
  apply: eq_integral => z _; rewrite /patch indicE.
  by case: (z \in A); rewrite ?mulr1 ?mulr0.
Qed.

(** ** Integrals for it *)

Local Lemma mf : measurable_fun setT (EFin \o f).
Proof. exact: measurable_EFin measurable_density. Qed.

Local Lemma integral_density_indic (A : set T) : measurable A ->
  (\int[density_measure]_x (\1_A x)%:E = \int[lam]_x ((\1_A x)%:E * (f x)%:E))%E.
Proof.
move=> mA; rewrite integral_indic// setIT /= /with_density integral_mkcond.
apply: eq_integral => x _; rewrite /patch indicE.
by case: (x \in A); rewrite ?mul1e ?mul0e.
Qed.

Local Lemma integral_density_nnsfun (h : {nnsfun T >-> real_realType}) :
  (\int[density_measure]_x (h x)%:E = \int[lam]_x ((h x)%:E * (f x)%:E))%E.
Proof.
under [LHS]eq_integral do rewrite fimfunE -fsumEFin//.
rewrite [LHS]ge0_integral_fsum//; last 2 first.
  - by move=> r; exact/EFin_measurable_fun/measurable_funrM/measurable_fun_indic.
  - by move=> n x _; rewrite EFinM nnfun_muleindic_ge0.
under [RHS]eq_integral.
  move=> x xD; rewrite fimfunE -fsumEFin// ge0_mule_fsuml; last first.
    by move=> r; rewrite EFinM nnfun_muleindic_ge0.
  over.
rewrite [RHS]ge0_integral_fsum//; last 2 first.
  - move=> r; apply: emeasurable_funM; last exact: mf.
    exact/EFin_measurable_fun/measurable_funrM/measurable_fun_indic.
  - move=> n x _; apply: mule_ge0; last by rewrite lee_fin.
    by rewrite EFinM nnfun_muleindic_ge0.
apply: eq_fsbigr => r _; rewrite integralM_indic_nnsfun// integral_density_indic//.
have [r0|r0] := leP 0 r; last first.
  rewrite preimage_nnfun0//; under [RHS]eq_integral do rewrite indic0 mulr0 mul0e.
  by under eq_integral do rewrite indic0 mul0e; rewrite integral0 mule0.
rewrite -ge0_integralM//.
- by apply: eq_integral => x _; rewrite EFinM muleA.
- by apply: emeasurable_funM; [exact/EFin_measurable_fun/measurable_fun_indic|exact: mf].
- by move=> x _; rewrite mule_ge0// lee_fin.
Qed.

Lemma integral_density (g : T -> \bar real_realType) :
  measurable_fun setT g -> (forall x, 0 <= g x)%E ->
  (\int[density_measure]_x g x = \int[lam]_x (g x * (f x)%:E))%E.
Proof.
move=> mg g0; have [g_ [nd cv]] := approximation measurableT mg (fun t _ => g0 t).
transitivity (lim (fun n => \int[density_measure]_x (g_ n x)%:E)%E).
  rewrite -monotone_convergence//.
  - by apply: eq_integral => x _; apply/esym/cvg_lim => //; exact: cv.
  - by move=> n; exact: measurable_EFin.
  - by move=> n x _; rewrite lee_fin.
  - by move=> x _ a b ab; rewrite lee_fin; exact/lefP/nd.
rewrite (_ : (fun _ => _) = (fun n => \int[lam]_x ((g_ n x)%:E * (f x)%:E))%E); last first.
  by apply/funext => n; exact: integral_density_nnsfun.
rewrite -monotone_convergence//; last 3 first.
- by move=> n; apply: emeasurable_funM; [exact: measurable_EFin|exact: mf].
- by move=> n x _; rewrite mule_ge0// lee_fin.
- by move=> x _ a b ab; rewrite lee_wpmul2r ?lee_fin//; exact/lefP/nd.
apply: eq_integral => x _; apply/cvg_lim => //.
rewrite -[X in _ --> X]/(g x * (f x)%:E)%E.
by under eq_fun do rewrite muleC; rewrite muleC; apply: cvgeMl => //; exact: cv.
Qed.

(** Of a real g, integrable on either side. *)
Theorem has_int_density_measure (g : T -> RR) (a : RR) :
  measurable_fun setT g ->
  has_int density_measure g a <-> has_int lam (fun z => f z * g z) a.
Proof.
move=> mg.
have H (h : T -> \bar real_realType) : measurable_fun setT h -> (forall y, 0 <= h y)%E ->
    (\int[density_measure]_y h y = \int[lam]_x ((f x)%:E * h (idfun x)))%E.
  by move=> mh h0; rewrite integral_density//; apply: eq_integral => x _; rewrite muleC.
exact: (has_int_transfer f_nonneg measurable_density (@measurable_fun_id _ _ _) H a mg).
Qed.
End density_measure.

(** ** Rectangles, and product densities on R^n *)

(** A rectangle with one side for each coordinate. *)
Definition rectangle (n : nat) (A : nat -> set borel) : set (Rn n) :=
  [set z | forall i, (i < n)%nat -> A i (coord z i)].
Arguments rectangle : clear implicits.

Lemma rectangle_succ n A : rectangle n.+1 A = rectangle n A `*` A n.
Proof.
apply/seteqP; split=> -[z x] /=.
  move=> H; split; last by have := H n (leqnn _); rewrite /= eqxx.
  by move=> i lin; have := H i (leqW lin); rewrite /= (ltn_eqF lin).
move=> [H1 H2] i; rewrite ltnS leq_eqVlt /=; case: eqVneq => [->//|_ /= lin].
exact: H1.
Qed.

Lemma measurable_rectangle n A : (forall i, measurable (A i)) -> measurable (rectangle n A).
Proof.
move=> mA; elim: n => [|n IH].
  by rewrite (_ : rectangle 0 A = setT)//; apply/seteqP; split.
by rewrite rectangle_succ; exact: measurableM.
Qed.

Section product_measure.
Variable f : nat -> RR -> RR.
Hypothesis f_pos : forall i x, Rlt 0 (f i x).
Hypothesis f_one : forall i, has_int leb (f i) 1.

Lemma f_nonneg i x : 0 <= f i x.
Proof. by apply/RleP; left. Qed.
Lemma density_nonneg n (z : Rn n) : 0 <= density f z.
Proof. by apply/RleP; left; exact: density_pos. Qed.

Definition coord_measure (i : nat) : {measure set borel -> \bar real_realType} :=
  @density_measure _ borel leb (f i) 1 (f_nonneg i) (f_one i).
Definition vector_measure (n : nat) : {measure set (Rn n) -> \bar real_realType} :=
  @density_measure _ (Rn n) (leb_n n) (@density f n) 1 (@density_nonneg n)
    (has_int_density n f_one).

Lemma coord_measure_total i : coord_measure i setT = 1%E.
Proof. exact: (f_one i).2. Qed.

Lemma vector_measure_total n : vector_measure n setT = 1%E.
Proof. exact: (has_int_density n f_one).2. Qed.

Lemma coord_measure_fin i A : measurable A -> coord_measure i A \is a fin_num.
Proof. exact: (@density_measure_fin _ borel leb (f i) 1 (f_one i)). Qed.

Lemma vector_measure_fin n A : measurable A -> vector_measure n A \is a fin_num.
Proof. exact: (@density_measure_fin _ _ (leb_n n) _ 1 (has_int_density n f_one)). Qed.

Lemma vector_measure_rectangle n (A : set (Rn n)) (B : set borel) :
  measurable A -> measurable B ->
  vector_measure n.+1 (A `*` B) = (vector_measure n A * coord_measure n B)%E.
Proof.
move=> mA mB.
have HA := @has_int_indic _ _ (leb_n n) _ 1 (@density_nonneg n) (has_int_density n f_one) A mA.
have HB := @has_int_indic _ borel leb _ 1 (f_nonneg n) (f_one n) B mB.
have [_] := @has_int_product (Rn_space n) line_space _ _ _ _ HA HB.
rewrite EFinM (fineK (vector_measure_fin mA)) (fineK (coord_measure_fin n mB)) => <-.
rewrite /vector_measure/= /with_density [LHS]integral_mkcond.
apply: eq_integral => -[z x] _; rewrite /patch in_setM !indicE /=.
by case: (z \in A); case: (x \in B); rewrite /= ?mulr1 ?mulr0 ?mul0r.
Qed.

Lemma vector_measure_prod n A : (forall i, measurable (A i)) ->
  vector_measure n (rectangle n A) = (\big[*%E/1%E]_(i < n) coord_measure i (A i))%E.
Proof.
move=> mA; elim: n => [|n IH].
  rewrite big_ord0 (_ : rectangle 0 A = setT); first exact: vector_measure_total.
  by apply/seteqP; split.
rewrite big_ord_recr /= -IH rectangle_succ vector_measure_rectangle//.
exact: measurable_rectangle.
Qed.
End product_measure.
