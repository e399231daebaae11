(** * The emitted effective beta, for every convention it knows

    A loss [c1 * reconstruction + beta * kl], as codes write it, equals
    c * (NLL + b * KL) + constant with c > 0 and b the emitted [effective_beta]: for a mean
    or a sum of squared errors, half the sum, and a mean or sum of any NLL; with the KL
    averaged or summed over latents. [nll] and [kl] are in nats, summed. *)
From Coq Require Import Reals Lra Psatz.
From Vaelid.base Require Import FiniteSums.
From Vaelid.spec Require Import GenLinks Latent.
From Vaelid.spec Require Gen.
From Vaelid.objective Require Import GaussianNll.
Open Scope R_scope.

(** [written] is a positive multiple of the beta-weighted negative ELBO, up to a constant
    that depends on neither the reconstruction nor the KL. *)
Definition amounts_to (written scale constant effective nll kl : R) : Prop :=
  0 < scale /\ written = scale * Gen.beta_negative_elbo effective nll kl + constant.

Section Conventions.
Variables (D L : nat) (beta : R) (mu logvar : vec).
Hypothesis D_pos : (0 < D)%nat.
Hypothesis L_pos : (0 < L)%nat.
Let kl_mean : R := Gen.diagonal_gaussian_kl_to_standard L mu logvar.
Let kl_sum : R := Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar.

Let kl_link : INR L * kl_mean = kl_sum := mean_sum_link L mu logvar L_pos.

(** ** Squared errors, for the Gaussian of any variance *)

Section Gaussian.
Variables (s2 : R) (x_hat x : vec).
Hypothesis s2_pos : 0 < s2.
Let nll : R := Gen.gaussian_nll D x x_hat (ln s2).
Let mse : R := Gen.mean_squared_error D x_hat x.
Let constant : R := INR D / 2 * ln (2 * PI * s2).

(** The sum of squared errors is D times their mean. *)
Lemma squared_error_sum : fsum (fun i => (x_hat i - x i) ^ 2) D = INR D * mse.
Proof. unfold mse. rewrite mean_squared_error_eq, fmean_fsum by exact D_pos. reflexivity. Qed.

Let mse_nll : INR D * mse = 2 * s2 * (nll - constant).
Proof.
  pose proof (INR_pos D D_pos). unfold mse, nll, constant.
  rewrite (gaussian_nll_identification s2) by assumption. field. lra.
Qed.

Let mse_eq : mse = 2 * s2 / INR D * (nll - constant).
Proof.
  pose proof (INR_pos D D_pos). apply (Rmult_eq_reg_l (INR D)); [|lra].
  rewrite mse_nll. field. lra.
Qed.

Theorem effective_beta_mse_mean_mean :
  amounts_to (mse + beta * kl_mean) (2 * s2 / INR D) (- (2 * s2 / INR D * constant))
    (Gen.effective_beta_mse_mean_mean D L beta s2) nll kl_sum.
Proof.
  pose proof (INR_pos D D_pos). split; [apply Rdiv_lt_0_compat; lra|].
  unfold mse, kl_mean. rewrite (effective_beta s2) by assumption.
  fold nll kl_sum. unfold constant. field. lra.
Qed.

Theorem effective_beta_mse_mean_sum :
  amounts_to (mse + beta * kl_sum) (2 * s2 / INR D) (- (2 * s2 / INR D * constant))
    (Gen.effective_beta_mse_mean_sum D beta s2) nll kl_sum.
Proof.
  pose proof (INR_pos D D_pos). split; [apply Rdiv_lt_0_compat; lra|].
  rewrite mse_eq, beta_negative_elbo_eq, effective_beta_mse_mean_sum_eq. field. lra.
Qed.

Theorem effective_beta_mse_sum_mean :
  amounts_to (fsum (fun i => (x_hat i - x i) ^ 2) D + beta * kl_mean)
    (2 * s2) (- (2 * s2 * constant)) (Gen.effective_beta_mse_sum_mean L beta s2) nll kl_sum.
Proof.
  pose proof (INR_pos L L_pos). split; [lra|].
  rewrite squared_error_sum, mse_nll, beta_negative_elbo_eq, effective_beta_mse_sum_mean_eq.
  rewrite <- kl_link. field. lra.
Qed.

Theorem effective_beta_mse_sum_sum :
  amounts_to (fsum (fun i => (x_hat i - x i) ^ 2) D + beta * kl_sum)
    (2 * s2) (- (2 * s2 * constant)) (Gen.effective_beta_mse_sum_sum beta s2) nll kl_sum.
Proof.
  split; [lra|].
  rewrite squared_error_sum, mse_nll, beta_negative_elbo_eq, effective_beta_mse_sum_sum_eq.
  field. lra.
Qed.

Theorem effective_beta_half_mse_sum_mean :
  amounts_to (fsum (fun i => (x_hat i - x i) ^ 2) D / 2 + beta * kl_mean)
    s2 (- (s2 * constant)) (Gen.effective_beta_half_mse_sum_mean L beta s2) nll kl_sum.
Proof.
  pose proof (INR_pos L L_pos). split; [lra|].
  rewrite squared_error_sum, mse_nll, beta_negative_elbo_eq.
  rewrite effective_beta_half_mse_sum_mean_eq, <- kl_link. field. lra.
Qed.

Theorem effective_beta_half_mse_sum_sum :
  amounts_to (fsum (fun i => (x_hat i - x i) ^ 2) D / 2 + beta * kl_sum)
    s2 (- (s2 * constant)) (Gen.effective_beta_half_mse_sum_sum beta s2) nll kl_sum.
Proof.
  split; [lra|].
  rewrite squared_error_sum, mse_nll, beta_negative_elbo_eq, effective_beta_half_mse_sum_sum_eq.
  field. lra.
Qed.
End Gaussian.

(** ** Any likelihood, whose NLL over coordinates is averaged or summed *)

Section AnyLikelihood.
Variables (coordinate_nll : vec) (variance : R).
Let nll : R := fsum coordinate_nll D.

Theorem effective_beta_nll_mean_mean :
  amounts_to (fmean coordinate_nll D + beta * kl_mean) (/ INR D) 0
    (Gen.effective_beta_nll_mean_mean D L beta variance) nll kl_sum.
Proof.
  pose proof (INR_pos D D_pos). pose proof (INR_pos L L_pos).
  split; [apply Rinv_0_lt_compat; lra|].
  rewrite beta_negative_elbo_eq, effective_beta_nll_mean_mean_eq, <- kl_link.
  unfold fmean. fold nll. field. lra.
Qed.

Theorem effective_beta_nll_mean_sum :
  amounts_to (fmean coordinate_nll D + beta * kl_sum) (/ INR D) 0
    (Gen.effective_beta_nll_mean_sum D beta variance) nll kl_sum.
Proof.
  pose proof (INR_pos D D_pos). split; [apply Rinv_0_lt_compat; lra|].
  rewrite beta_negative_elbo_eq, effective_beta_nll_mean_sum_eq.
  unfold fmean. fold nll. field. lra.
Qed.

Theorem effective_beta_nll_sum_mean :
  amounts_to (nll + beta * kl_mean) 1 0
    (Gen.effective_beta_nll_sum_mean L beta variance) nll kl_sum.
Proof.
  pose proof (INR_pos L L_pos). split; [lra|].
  rewrite beta_negative_elbo_eq, effective_beta_nll_sum_mean_eq, <- kl_link. field. lra.
Qed.

Theorem effective_beta_nll_sum_sum :
  amounts_to (nll + beta * kl_sum) 1 0
    (Gen.effective_beta_nll_sum_sum beta variance) nll kl_sum.
Proof.
  split; [lra|]. rewrite beta_negative_elbo_eq, effective_beta_nll_sum_sum_eq. ring.
Qed.
End AnyLikelihood.
End Conventions.
