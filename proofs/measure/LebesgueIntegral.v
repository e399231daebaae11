(** * The Lebesgue integral of any measure is an [Integral]

    [has_int lam f l]: f is integrable for lam and its integral is l. It is extensional,
    linear and monotone, so that everything in [variational] holds for every measure on
    every space. Also Jensen's inequality for ln on a probability space. *)
From Vaelid.measure Require Import Prelude.
From Vaelid.base Require Integral.
From Vaelid.variational Require Elbo.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Section instance.
Context d (T : measurableType d) (lam : {measure set T -> \bar real_realType}).

Definition has_int (f : T -> RR) (l : RR) : Prop :=
  lam.-integrable setT (EFin \o f) /\ (\int[lam]_z (f z)%:E)%E = l%:E.

Lemma has_int_ext f g l : (forall z, f z = g z) -> has_int f l -> has_int g l.
Proof. by move=> fg; rewrite (_ : f = g)//; apply/funext. Qed.

Lemma has_int_plus f g a b :
  has_int f a -> has_int g b -> has_int (fun z => f z + g z) (a + b).
Proof.
move=> [If Ef] [Ig Eg]; split.
  have := integrableD measurableT If Ig.
  by rewrite (_ : ((EFin \o f) \+ (EFin \o g))%E = EFin \o (fun z => f z + g z)).
under eq_integral do rewrite EFinD.
by rewrite (integralD measurableT If Ig) Ef Eg.
Qed.

Lemma has_int_scal c f a : has_int f a -> has_int (fun z => c * f z) (c * a).
Proof.
move=> [If Ef]; split.
  have := integrablerM measurableT c If.
  by rewrite (_ : (fun z => _ * _)%E = EFin \o (fun z => c * f z)).
under eq_integral do rewrite EFinM.
by rewrite (integralM measurableT If) Ef.
Qed.

Lemma has_int_nonneg f a : (forall z, 0 <= f z) -> has_int f a -> 0 <= a.
Proof.
move=> f0 [_ Ef]; rewrite -lee_fin -Ef; apply: integral_ge0 => z _.
by rewrite lee_fin.
Qed.

Lemma has_int_le f g a b :
  (forall z, Rle (f z) (g z)) -> has_int f a -> has_int g b -> Rle a b.
Proof.
move=> fg Hf Hg; apply/RleP; rewrite -subr_ge0.
have -> : b - a = b + (-1) * a by rewrite mulN1r.
apply: (@has_int_nonneg (fun z => g z + (-1) * f z)).
  by move=> z; rewrite mulN1r subr_ge0; apply/RleP.
by apply: has_int_plus => //; apply: has_int_scal.
Qed.

Definition lebesgue_integral_of : Integral.Integral T :=
  Integral.Build_Integral T has_int has_int_ext has_int_plus has_int_scal has_int_le.

(** ** Measurability and integrability of the integrand *)

Lemma has_int_measurable (f : T -> RR) l : has_int f l -> measurable_fun setT f.
Proof. by case=> -[/EFin_measurable_fun]. Qed.

Lemma measurable_EFin (f : T -> RR) :
  measurable_fun setT f -> measurable_fun setT (fun z => (f z)%:E).
Proof. by move=> mf; apply/EFin_measurable_fun. Qed.

(** For a nonnegative f, the value of the integral is enough. *)
Lemma has_int_of_nonneg (f : T -> RR) l :
  measurable_fun setT f -> (forall z, 0 <= f z) -> (\int[lam]_z (f z)%:E)%E = l%:E ->
  has_int f l.
Proof.
move=> mf f0 E; split=> //; split; first exact: measurable_EFin.
rewrite (_ : (fun z => _) = (fun z => (f z)%:E)); first by rewrite E ltry.
by apply/funext => z /=; rewrite ger0_norm.
Qed.

(** A measurable function below an integrable one has an integral. *)
Lemma has_int_dominated (f g : T -> RR) b :
  measurable_fun setT f -> (forall z, `|f z| <= g z) -> has_int g b ->
  exists l, has_int f l.
Proof.
move=> mf fg [Ig _].
have If : lam.-integrable setT (EFin \o f).
  apply: (le_integrable measurableT _ _ Ig); first exact: measurable_EFin.
  by move=> z _ /=; rewrite lee_fin (le_trans (fg z))// ler_norm.
exists (fine (\int[lam]_z (f z)%:E)%E); split=> //.
by rewrite fineK//; apply: integral_fune_fin_num.
Qed.
End instance.

(** ** Transfer between measures

    If integrals of nonnegative functions for m1 are integrals of w * (h o phi) for m2, so
    are those of real functions. Used for densities (phi = id), for changes of variables
    (w constant) and for laws (w = 1). *)
Section transfer.
Context d1 (T1 : measurableType d1) (m1 : {measure set T1 -> \bar real_realType}).
Context d2 (T2 : measurableType d2) (m2 : {measure set T2 -> \bar real_realType}).
Variables (w : T2 -> RR) (phi : T2 -> T1).
Hypothesis w_nonneg : forall x, 0 <= w x.
Hypothesis measurable_w : measurable_fun setT w.
Hypothesis measurable_phi : measurable_fun setT phi.
Hypothesis transfer_nonneg : forall h : T1 -> \bar real_realType,
  measurable_fun setT h -> (forall y, 0 <= h y)%E ->
  (\int[m1]_y h y = \int[m2]_x ((w x)%:E * h (phi x)))%E.

Lemma maxe_scale (c a : RR) : 0 <= c -> (c%:E * maxe a%:E 0 = maxe (c * a)%:E 0)%E.
Proof.
move=> c0; have max0 b : maxe b%:E 0%E = (Num.max b 0)%:E :> \bar RR by rewrite -maxEFin.
by rewrite !max0 -EFinM maxr_pmulr// mulr0.
Qed.

Theorem has_int_transfer (g : T1 -> RR) (l : RR) :
  measurable_fun setT g -> has_int m1 g l <-> has_int m2 (fun x => w x * g (phi x)) l.
Proof.
move=> mg; have mE : measurable_fun setT (EFin \o g) by exact: measurable_EFin.
have abs : (\int[m1]_y `|(g y)%:E| = \int[m2]_x `|(w x * g (phi x))%:E|)%E.
  rewrite transfer_nonneg//; last exact: measurable_fun_comp.
  by apply: eq_integral => x _; rewrite EFinM abseM [in RHS]gee0_abs ?lee_fin.
have val : (\int[m1]_y (g y)%:E = \int[m2]_x (w x * g (phi x))%:E)%E.
  rewrite integralE [RHS]integralE; congr (_ - _)%E.
  - rewrite transfer_nonneg//; last exact: emeasurable_fun_funepos.
    by apply: eq_integral => x _; rewrite /funepos maxe_scale.
  - rewrite transfer_nonneg//; last exact: emeasurable_fun_funeneg.
    by apply: eq_integral => x _; rewrite /funeneg -!EFinN maxe_scale// mulrN.
split=> -[[_ fin] E].
- split; last by rewrite -val.
  split; last by rewrite -abs.
  apply: measurable_EFin; apply: measurable_funM => //.
  exact: (measurable_fun_comp mg measurable_phi).
- split; last by rewrite val.
  by split; [exact: measurable_EFin|rewrite abs].
Qed.
End transfer.

(** ** Probability spaces *)
Section jensen.
Context d (T : measurableType d) (P : {measure set T -> \bar real_realType}).
Hypothesis P_one : P setT = 1%E.

Lemma has_int_one : has_int P (fun=> 1) 1.
Proof.
apply: has_int_of_nonneg => //; first exact: measurable_fun_cst.
by rewrite (integral_cst P measurableT) P_one mule1.
Qed.

(** E[ln W] <= ln E[W], and E[W] > 0. *)
Theorem jensen_ln (W : T -> RR) (Z l : RR) :
  (forall z, Rlt 0 (W z)) -> has_int P W Z -> has_int P (fun z => ln (W z)) l ->
  Rlt 0 Z /\ Rle l (ln Z).
Proof.
move=> W0 HW Hl.
have q0 (z : T) : Rle 0 1 by apply/RleP; exact: ler01.
have j0 z : Rle 0 (W z) by left.
have jp z : Rlt 0 1 -> Rlt 0 (W z) by [].
have He : has_int P (fun z => Rmult 1 (ln (Rdiv (W z) 1))) l.
  by apply: has_int_ext Hl => z; rewrite /Rdiv Rinv_1 Rmult_1_r Rmult_1_l.
pose I := lebesgue_integral_of P.
split; first exact: (@Elbo.evidence_pos T I _ W Z l q0 j0 jp has_int_one HW He).
exact: (@Elbo.elbo_le_evidence T I _ W Z l q0 j0 jp has_int_one HW He).
Qed.
End jensen.
