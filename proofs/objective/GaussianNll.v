(** * What a mean squared error stands for, and the beta that a loss really uses

    The mean squared error is the negative log-likelihood of N(x_hat, s2 I), up to a scale
    and a constant, for every variance s2. Therefore mean-MSE + beta * mean-KL is, up to a
    scale and a constant, NLL + b * KL in nats, with b the emitted *effective beta*,
    beta D / (2 s2 L). With s2 = beta D / (2 L) it is one: an exact negative ELBO.
    The other conventions of [effective_beta] are in [objective.EffectiveBeta]. *)
From Coq Require Import Reals Lra Psatz Lia.
From Vaelid.base Require Import FiniteSums Elementary.
From Vaelid.spec Require Import GenLinks Latent.
From Vaelid.spec Require Gen.
From Vaelid.gauss Require Import Normal NormalKl.
Open Scope R_scope.

(** ** The likelihood N(x_hat, s2 I) *)

(** Its density at x; [Gen.gaussian_nll D x x_hat (ln s2)] is minus its logarithm. *)
Definition gaussian_density (s2 : R) (x_hat x : vec) (D : nat) : R :=
  fprod (fun i => normal_pdf (x_hat i) (sqrt s2) (x i)) D.

Lemma gaussian_density_pos s2 x_hat x D : 0 < s2 -> 0 < gaussian_density s2 x_hat x D.
Proof.
  intros S. apply fprod_pos. intros. apply normal_pdf_pos, Rgt_not_eq, sqrt_lt_R0, S.
Qed.

Lemma gaussian_density_le s2 x_hat x D :
  0 < s2 -> gaussian_density s2 x_hat x D <= (/ (sqrt (2 * PI) * sqrt s2)) ^ D.
Proof.
  intros S. pose proof (sqrt_lt_R0 _ S) as P. apply fprod_le_pow. intros i _. split.
  - left. apply normal_pdf_pos. lra.
  - apply normal_pdf_le, P.
Qed.

Theorem gaussian_nll_is_ln_density s2 x_hat x D :
  0 < s2 -> Gen.gaussian_nll D x x_hat (ln s2) = - ln (gaussian_density s2 x_hat x D).
Proof.
  intros S. rewrite gaussian_nll_eq. unfold gaussian_density. f_equal.
  rewrite ln_fprod by (intros; apply normal_pdf_pos, Rgt_not_eq, sqrt_lt_R0, S).
  apply fsum_ext. intros i _.
  rewrite gaussian_log_density_is_ln_pdf, exp_half_ln by exact S. reflexivity.
Qed.

Lemma gaussian_nll_closed_form s2 x_hat x D :
  0 < s2 ->
  Gen.gaussian_nll D x x_hat (ln s2) =
    fsum (fun i => (x_hat i - x i) ^ 2) D / (2 * s2) + INR D / 2 * ln (2 * PI * s2).
Proof.
  intros S. pose proof PI_RGT_0. rewrite gaussian_nll_eq, <- fsum_opp.
  rewrite (fsum_ext _ (fun i => / (2 * s2) * (x_hat i - x i) ^ 2 + ln (2 * PI * s2) / 2)).
  - rewrite fsum_plus, fsum_scal, fsum_const. field. lra.
  - intros i _. rewrite gaussian_log_density_eq, (ln_mult (2 * PI)) by lra.
    rewrite Rpow_mult_distr.
    replace (exp (- ln s2 / 2) ^ 2) with (/ s2).
    + field. lra.
    + cbn. rewrite Rmult_1_r, exp_half_square, exp_Ropp, exp_ln by exact S. reflexivity.
Qed.

Theorem gaussian_nll_identification s2 x_hat x D :
  0 < s2 -> (0 < D)%nat ->
  Gen.mean_squared_error D x_hat x =
    2 * s2 / INR D * (Gen.gaussian_nll D x x_hat (ln s2) - INR D / 2 * ln (2 * PI * s2)).
Proof.
  intros S HD. pose proof (INR_pos D HD).
  rewrite gaussian_nll_closed_form, mean_squared_error_eq by exact S.
  unfold fmean. field. lra.
Qed.

(** ** The effective beta *)

Theorem effective_beta s2 beta x_hat x mu logvar D L :
  0 < s2 -> (0 < D)%nat -> (0 < L)%nat ->
  Gen.mean_squared_error D x_hat x + beta * Gen.diagonal_gaussian_kl_to_standard L mu logvar =
    2 * s2 / INR D *
      Gen.beta_negative_elbo (Gen.effective_beta_mse_mean_mean D L beta s2)
        (Gen.gaussian_nll D x x_hat (ln s2))
        (Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar)
    - s2 * ln (2 * PI * s2).
Proof.
  intros S HD HL. pose proof (INR_pos D HD). pose proof (INR_pos L HL).
  rewrite (gaussian_nll_identification s2), beta_negative_elbo_eq by assumption.
  rewrite effective_beta_mse_mean_mean_eq.
  rewrite <- (mean_sum_link L mu logvar HL). field. lra.
Qed.

(** The variance at which the effective beta is one. *)
Definition elbo_variance (beta : R) (D L : nat) : R := beta * INR D / (2 * INR L).

Lemma elbo_variance_pos beta D L :
  0 < beta -> (0 < D)%nat -> (0 < L)%nat -> 0 < elbo_variance beta D L.
Proof.
  intros B HD HL. pose proof (INR_pos D HD). pose proof (INR_pos L HL).
  apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat|]; lra.
Qed.

Lemma effective_beta_one beta D L :
  0 < beta -> (0 < D)%nat -> (0 < L)%nat ->
  Gen.effective_beta_mse_mean_mean D L beta (elbo_variance beta D L) = 1.
Proof.
  intros B HD HL. pose proof (INR_pos D HD). pose proof (INR_pos L HL).
  rewrite effective_beta_mse_mean_mean_eq. unfold elbo_variance. field. lra.
Qed.

Theorem effective_beta_exact beta x_hat x mu logvar D L :
  0 < beta -> (0 < D)%nat -> (0 < L)%nat ->
  let s2 := elbo_variance beta D L in
  Gen.mean_squared_error D x_hat x + beta * Gen.diagonal_gaussian_kl_to_standard L mu logvar =
    beta / INR L *
      Gen.negative_elbo (Gen.gaussian_nll D x x_hat (ln s2))
        (Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar)
    - s2 * ln (2 * PI * s2).
Proof.
  intros B HD HL s2. pose proof (INR_pos D HD). pose proof (INR_pos L HL).
  pose proof (elbo_variance_pos beta D L B HD HL) as S. fold s2 in S.
  rewrite (effective_beta s2), beta_negative_elbo_eq, negative_elbo_eq by assumption.
  rewrite effective_beta_one by assumption.
  replace (2 * s2 / INR D) with (beta / INR L) by (unfold s2, elbo_variance; field; lra).
  ring.
Qed.

(** ** The same of the executable loss, for every model *)

Section Model.
Variables encoder_mean encoder_logvar decoder : vec -> vec.
Variables (D L : nat) (x eps : vec).
Hypothesis D_pos : (0 < D)%nat.
Hypothesis L_pos : (0 < L)%nat.
Let x_hat : vec := Gen.forward encoder_mean encoder_logvar decoder x eps.
Let kl : R := Gen.diagonal_gaussian_kl_to_standard_sum L (encoder_mean x) (encoder_logvar x).

Theorem loss_effective_beta s2 beta :
  0 < s2 ->
  Gen.loss D L encoder_mean encoder_logvar decoder beta x eps =
    2 * s2 / INR D *
      Gen.beta_negative_elbo (Gen.effective_beta_mse_mean_mean D L beta s2)
        (Gen.gaussian_nll D x x_hat (ln s2)) kl
    - s2 * ln (2 * PI * s2).
Proof.
  intros S. rewrite beta_vae_loss_decomposition, reconstruction_loss_eq, kl_loss_eq.
  apply effective_beta; assumption.
Qed.

Theorem loss_is_negative_elbo beta :
  0 < beta ->
  let s2 := elbo_variance beta D L in
  Gen.loss D L encoder_mean encoder_logvar decoder beta x eps =
    beta / INR L * Gen.negative_elbo (Gen.gaussian_nll D x x_hat (ln s2)) kl
    - s2 * ln (2 * PI * s2).
Proof.
  intros B. rewrite beta_vae_loss_decomposition, reconstruction_loss_eq, kl_loss_eq.
  apply effective_beta_exact; assumption.
Qed.
End Model.
