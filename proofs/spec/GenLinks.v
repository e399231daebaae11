(** * What the emitted definitions are

    [Gen] is printed from the Python specification with everything inlined. Each equation
    below gives one of its definitions in terms of the others, as the Python source reads;
    every other file uses [Gen] through these equations only. They hold by computation or
    by [ring]/[field] under the sums, whatever the printer's parentheses and bound names.

    Beside the equations named [.._eq], three theorems of the structure of the VAE are here:
    [sample_latent_eq_reparameterize], [forward_eq_decoder_sample_latent],
    [beta_vae_loss_decomposition]. *)
From Coq Require Import Reals Psatz FunctionalExtensionality.
From Vaelid.base Require Import FiniteSums.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** Two readings of the same formula: equal by computation, as polynomials or fractions, or
    part by part, under sums and in the arguments of functions. *)
Ltac same_formula := first [reflexivity | ring | solve [field] | same_parts]
with same_parts :=
  lazymatch goal with
  | |- fsum _ ?n = fsum _ ?n => apply fsum_ext; intros; same_formula
  | |- @eq (_ -> _) _ _ => apply functional_extensionality; intro; same_formula
  | |- @eq R _ _ => progress f_equal; same_formula
  end.

(** ** src/vaelid/spec/arrays.py, latent.py *)

Lemma exp_minus_one_minus_eq x : Gen.exp_minus_one_minus x = exp x - 1 - x.
Proof. unfold Gen.exp_minus_one_minus. same_formula. Qed.

Lemma variance_of_scale_eq sigma : Gen.variance_of_scale sigma = sigma ^ 2.
Proof. unfold Gen.variance_of_scale. same_formula. Qed.

Lemma reparameterize_diag_eq mu logvar eps i :
  Gen.reparameterize_diag mu logvar eps i = mu i + exp (logvar i / 2) * eps i.
Proof. unfold Gen.reparameterize_diag. same_formula. Qed.

Lemma coordinate_kl_to_standard_eq mu logvar :
  Gen.coordinate_kl_to_standard mu logvar = (exp logvar + mu ^ 2 - 1 - logvar) / 2.
Proof. unfold Gen.coordinate_kl_to_standard. same_formula. Qed.

Lemma diagonal_gaussian_kl_to_standard_sum_eq L mu logvar :
  Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar =
    fsum (fun i => Gen.coordinate_kl_to_standard (mu i) (logvar i)) L.
Proof.
  unfold Gen.diagonal_gaussian_kl_to_standard_sum, Gen.coordinate_kl_to_standard.
  same_formula.
Qed.

Lemma diagonal_gaussian_kl_to_standard_eq L mu logvar :
  Gen.diagonal_gaussian_kl_to_standard L mu logvar =
    fmean (fun i => Gen.coordinate_kl_to_standard (mu i) (logvar i)) L.
Proof.
  unfold Gen.diagonal_gaussian_kl_to_standard, Gen.coordinate_kl_to_standard, fmean.
  same_formula.
Qed.

(** ** src/vaelid/spec/vae.py *)

Lemma mean_squared_error_eq D x_hat x :
  Gen.mean_squared_error D x_hat x = fmean (fun i => (x_hat i - x i) ^ 2) D.
Proof. unfold Gen.mean_squared_error, fmean. same_formula. Qed.

Section Model.
Variables encoder_mean encoder_logvar decoder : vec -> vec.

Lemma encode_mean_eq x :
  Gen.encode_mean encoder_mean encoder_logvar decoder x = encoder_mean x.
Proof. unfold Gen.encode_mean. same_formula. Qed.

Lemma encode_logvar_eq x :
  Gen.encode_logvar encoder_mean encoder_logvar decoder x = encoder_logvar x.
Proof. unfold Gen.encode_logvar. same_formula. Qed.

(** The sampled latent is the reparameterisation of the encoder's outputs. *)
Theorem sample_latent_eq_reparameterize x eps :
  Gen.sample_latent encoder_mean encoder_logvar decoder x eps =
    Gen.reparameterize_diag (encoder_mean x) (encoder_logvar x) eps.
Proof. unfold Gen.sample_latent, Gen.reparameterize_diag. same_formula. Qed.

(** The forward pass is the decoder at the sampled latent. *)
Theorem forward_eq_decoder_sample_latent x eps :
  Gen.forward encoder_mean encoder_logvar decoder x eps =
    decoder (Gen.sample_latent encoder_mean encoder_logvar decoder x eps).
Proof. unfold Gen.forward, Gen.sample_latent. same_formula. Qed.

Lemma reconstruction_loss_eq D x eps :
  Gen.reconstruction_loss D encoder_mean encoder_logvar decoder x eps =
    Gen.mean_squared_error D (Gen.forward encoder_mean encoder_logvar decoder x eps) x.
Proof.
  unfold Gen.reconstruction_loss, Gen.mean_squared_error, Gen.forward. same_formula.
Qed.

Lemma kl_loss_eq L x :
  Gen.kl_loss L encoder_mean encoder_logvar decoder x =
    Gen.diagonal_gaussian_kl_to_standard L (encoder_mean x) (encoder_logvar x).
Proof. unfold Gen.kl_loss, Gen.diagonal_gaussian_kl_to_standard. same_formula. Qed.

(** The loss is a reconstruction term plus beta times a KL term. *)
Theorem beta_vae_loss_decomposition D L beta x eps :
  Gen.loss D L encoder_mean encoder_logvar decoder beta x eps =
    Gen.reconstruction_loss D encoder_mean encoder_logvar decoder x eps
    + beta * Gen.kl_loss L encoder_mean encoder_logvar decoder x.
Proof. unfold Gen.loss, Gen.reconstruction_loss, Gen.kl_loss. same_formula. Qed.

(** ** src/vaelid/spec/objective.py *)

Lemma vae_objective_terms_base_eq D x eps :
  Gen.vae_objective_terms_base D encoder_mean encoder_logvar decoder x eps =
    Gen.reconstruction_loss D encoder_mean encoder_logvar decoder x eps.
Proof. unfold Gen.vae_objective_terms_base, Gen.reconstruction_loss. same_formula. Qed.

Lemma vae_objective_terms_regularizer_eq L x eps :
  Gen.vae_objective_terms_regularizer L encoder_mean encoder_logvar decoder x eps =
    Gen.kl_loss L encoder_mean encoder_logvar decoder x.
Proof. unfold Gen.vae_objective_terms_regularizer, Gen.kl_loss. same_formula. Qed.
End Model.

Lemma weighted_two_term_eq weight base regularizer :
  Gen.weighted_two_term weight base regularizer = base + weight * regularizer.
Proof. unfold Gen.weighted_two_term. same_formula. Qed.

Lemma weighted_three_term_eq weight base middle regularizer :
  Gen.weighted_three_term weight base middle regularizer =
    base + middle + weight * regularizer.
Proof. unfold Gen.weighted_three_term. same_formula. Qed.

(** ** src/vaelid/spec/elbo.py *)

Lemma negative_elbo_eq nll kl : Gen.negative_elbo nll kl = nll + kl.
Proof. unfold Gen.negative_elbo. same_formula. Qed.

Lemma beta_negative_elbo_eq beta nll kl : Gen.beta_negative_elbo beta nll kl = nll + beta * kl.
Proof. unfold Gen.beta_negative_elbo. same_formula. Qed.

Lemma importance_weighted_bound_eq K log_weights :
  Gen.importance_weighted_bound K log_weights =
    fmean log_weights K
    + ln (1 + fmean (fun k =>
                Gen.exp_minus_one_minus (log_weights k - fmean log_weights K)) K).
Proof.
  unfold Gen.importance_weighted_bound, Gen.exp_minus_one_minus, fmean. same_formula.
Qed.

(** ** src/vaelid/spec/likelihoods *)

Lemma gaussian_log_density_eq x mean log_variance :
  Gen.gaussian_log_density x mean log_variance =
    - (((x - mean) * exp (- log_variance / 2)) ^ 2 + log_variance + ln (2 * PI)) / 2.
Proof. unfold Gen.gaussian_log_density. same_formula. Qed.

Lemma bernoulli_log_density_eq x logits :
  Gen.bernoulli_log_density x logits = x * logits - ln (1 + exp logits).
Proof. unfold Gen.bernoulli_log_density. rewrite ?exp_0. same_formula. Qed.

(** The density of the textbooks: exp (- |x - mean| / b) / (2 b), where b = exp log_scale. *)
Lemma laplace_log_density_eq x mean log_scale :
  Gen.laplace_log_density x mean log_scale =
    ln (exp (- (Rabs (x - mean) / exp log_scale)) / (2 * exp log_scale)).
Proof.
  unfold Gen.laplace_log_density, Rdiv.
  assert (0 < exp log_scale) by apply exp_pos.
  rewrite ln_mult, ln_Rinv, ln_mult, ?ln_exp, exp_Ropp by
    (try apply exp_pos; try apply Rinv_0_lt_compat; nra).
  same_formula.
Qed.

(** The negative log-likelihood of the likelihood "gaussian", summed over the D coordinates. *)
Lemma gaussian_nll_eq D x x_hat log_variance :
  Gen.gaussian_nll D x x_hat log_variance =
    - fsum (fun i => Gen.gaussian_log_density (x i) (x_hat i) log_variance) D.
Proof. unfold Gen.gaussian_nll, Gen.gaussian_log_density. same_formula. Qed.

(** ** src/vaelid/spec/conventions.py: [effective_beta], loss and KL each summed or averaged *)

Lemma effective_beta_mse_mean_mean_eq D L beta variance :
  Gen.effective_beta_mse_mean_mean D L beta variance =
    INR D / (2 * variance) * (beta / INR L).
Proof. unfold Gen.effective_beta_mse_mean_mean. same_formula. Qed.

Lemma effective_beta_mse_mean_sum_eq D beta variance :
  Gen.effective_beta_mse_mean_sum D beta variance = INR D / (2 * variance) * beta.
Proof. unfold Gen.effective_beta_mse_mean_sum. same_formula. Qed.

Lemma effective_beta_mse_sum_mean_eq L beta variance :
  Gen.effective_beta_mse_sum_mean L beta variance = 1 / (2 * variance) * (beta / INR L).
Proof. unfold Gen.effective_beta_mse_sum_mean. same_formula. Qed.

Lemma effective_beta_mse_sum_sum_eq beta variance :
  Gen.effective_beta_mse_sum_sum beta variance = 1 / (2 * variance) * beta.
Proof. unfold Gen.effective_beta_mse_sum_sum. same_formula. Qed.

Lemma effective_beta_half_mse_sum_mean_eq L beta variance :
  Gen.effective_beta_half_mse_sum_mean L beta variance = 1 / variance * (beta / INR L).
Proof. unfold Gen.effective_beta_half_mse_sum_mean. same_formula. Qed.

Lemma effective_beta_half_mse_sum_sum_eq beta variance :
  Gen.effective_beta_half_mse_sum_sum beta variance = 1 / variance * beta.
Proof. unfold Gen.effective_beta_half_mse_sum_sum. same_formula. Qed.

Lemma effective_beta_nll_mean_mean_eq D L beta variance :
  Gen.effective_beta_nll_mean_mean D L beta variance = INR D * (beta / INR L).
Proof. unfold Gen.effective_beta_nll_mean_mean. same_formula. Qed.

Lemma effective_beta_nll_mean_sum_eq D beta variance :
  Gen.effective_beta_nll_mean_sum D beta variance = INR D * beta.
Proof. unfold Gen.effective_beta_nll_mean_sum. same_formula. Qed.

Lemma effective_beta_nll_sum_mean_eq L beta variance :
  Gen.effective_beta_nll_sum_mean L beta variance = beta / INR L.
Proof. unfold Gen.effective_beta_nll_sum_mean. same_formula. Qed.

Lemma effective_beta_nll_sum_sum_eq beta variance :
  Gen.effective_beta_nll_sum_sum beta variance = beta.
Proof. unfold Gen.effective_beta_nll_sum_sum. same_formula. Qed.

(** From here on the emitted definitions are opaque to tactics: whoever uses one, uses an
    equation of this file. *)
Global Opaque
  Gen.exp_minus_one_minus Gen.variance_of_scale Gen.reparameterize_diag
  Gen.coordinate_kl_to_standard Gen.diagonal_gaussian_kl_to_standard_sum
  Gen.diagonal_gaussian_kl_to_standard Gen.mean_squared_error Gen.sample_latent Gen.forward
  Gen.reconstruction_loss Gen.kl_loss Gen.loss Gen.weighted_two_term Gen.weighted_three_term
  Gen.vae_objective_terms_base Gen.vae_objective_terms_regularizer Gen.negative_elbo
  Gen.beta_negative_elbo Gen.importance_weighted_bound Gen.gaussian_log_density
  Gen.bernoulli_log_density Gen.laplace_log_density Gen.gaussian_nll
  Gen.encode_mean Gen.encode_logvar
  Gen.effective_beta_mse_mean_mean Gen.effective_beta_mse_mean_sum
  Gen.effective_beta_mse_sum_mean Gen.effective_beta_mse_sum_sum
  Gen.effective_beta_half_mse_sum_mean Gen.effective_beta_half_mse_sum_sum
  Gen.effective_beta_nll_mean_mean Gen.effective_beta_nll_mean_sum
  Gen.effective_beta_nll_sum_mean Gen.effective_beta_nll_sum_sum.

(** Without keys, [rewrite] would find [nll + kl] to be a [Gen.negative_elbo]. *)
#[export] Set Keyed Unification.
