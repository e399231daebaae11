(** * A KL of zero means the same distribution

    For densities q, p of any measure with q << p: if the integral of q ln(q/p) is zero then
    q = p almost everywhere. For the diagonal Gaussian posterior: the emitted KL is zero if
    and only if the posterior density is the prior's, everywhere on R^L. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral Product GaussianNd.
From Vaelid.base Require FiniteSums Elementary Integral.
From Vaelid.spec Require Gen GenLinks Latent.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Section any_measure.
Context d (T : measurableType d) (lam : {measure set T -> \bar real_realType}).

(** A nonnegative function with integral zero is zero almost everywhere. *)
Lemma has_int_zero_ae (f : T -> RR) :
  (forall z, 0 <= f z) -> has_int lam f 0 -> {ae lam, forall z, f z = 0}.
Proof.
move=> f0 [[mf _] E].
have : (\int[lam]_z `|(EFin \o f) z| = 0)%E.
  by rewrite -[RHS]E; apply: eq_integral => z _ /=; rewrite ger0_norm.
move/(ae_eq_integral_abs lam measurableT mf) => [N [mN N0 H]].
exists N; split=> // z /= Hz; apply: H => /= Hz'; apply: Hz.
have E' : (f z)%:E = 0%E := Hz' I; exact: EFin_inj E'.
Qed.

Theorem kl_zero_ae (q p : T -> RR) :
  (forall z, Rle 0 (q z)) -> (forall z, Rle 0 (p z)) ->
  (forall z, Rlt 0 (q z) -> Rlt 0 (p z)) ->
  has_int lam q 1 -> has_int lam p 1 ->
  has_int lam (fun z => Rmult (q z) (ln (Rdiv (q z) (p z)))) 0 ->
  {ae lam, forall z, q z = p z}.
Proof.
move=> q0 p0 qp Hq Hp Hkl; pose J := lebesgue_integral_of lam.
pose f z : RR := Rminus (Rplus (Rmult (q z) (ln (Rdiv (q z) (p z)))) (p z)) (q z).
have Hf : has_int lam f (IZR 0).
  have H1 := @Integral.has_lin _ J (IZR 1) (IZR 1) _ _ _ _ _ _ Hkl Hp
               (fun=> erefl) erefl.
  apply: (@Integral.has_lin _ J (IZR 1) (IZR (-1)) _ _ _ _ _ _ H1 Hq).
    by move=> z; rewrite /f; ring.
  by rewrite -[1]/(IZR 1) -[0]/(IZR 0); ring.
have f0 z : 0 <= f z.
  by apply/RleP; exact: (Elementary.kl_integrand_nonneg _ _ (q0 z) (p0 z) (qp z)).
have [N [mN N0 H]] := has_int_zero_ae f0 Hf.
exists N; split=> // z /= Hz; apply: H => /= Hz'; apply: Hz.
exact: (Elementary.kl_integrand_zero _ _ (q0 z) (p0 z) (qp z) Hz').
Qed.
End any_measure.

(** ** The diagonal Gaussian posterior *)

Theorem kl_zero_iff_posterior_is_prior mu logvar L :
  Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar = 0%R <->
  forall z : Rn L, posterior mu logvar z = prior z.
Proof.
split.
  move/Latent.diagonal_gaussian_kl_to_standard_sum_eq_zero_iff => [M V] z.
  rewrite -posterior_standard /posterior !density_coord.
  by apply: FiniteSums.fprod_ext => i lin; rewrite (M i lin) (V i lin).
move=> E; pose J := lebesgue_integral_of (leb_n L).
apply: (@Integral.has_unique _ J _ _ _ (klN_is_the_kl mu logvar L)).
apply: (@Integral.has_lin _ J (IZR 0) (IZR 0) _ _ _ _ _ _ (has_int_prior L) (has_int_prior L)).
  by move=> z; rewrite E /Rdiv Rinv_r; [rewrite ln_1; ring|apply: Rgt_not_eq; exact: prior_pos].
by rewrite -[1]/(IZR 1); ring.
Qed.

(** Of the model: a posterior has collapsed on x exactly when its executable KL is zero. *)
Theorem kl_loss_zero_iff_posterior_is_prior
    (encoder_mean encoder_logvar decoder : vec -> vec) (x : vec) L :
  Peano.lt 0 L ->
  Gen.kl_loss L encoder_mean encoder_logvar decoder x = 0%R <->
  forall z : Rn L, posterior (encoder_mean x) (encoder_logvar x) z = prior z.
Proof.
move=> L0; rewrite -kl_zero_iff_posterior_is_prior GenLinks.kl_loss_eq.
rewrite -(Latent.mean_sum_link L _ _ L0); have n0 := FiniteSums.INR_pos L L0.
split=> [->|/Rmult_integral[E|//]]; first exact: Rmult_0_r.
by rewrite E in n0; case: (Rlt_irrefl _ n0).
Qed.
