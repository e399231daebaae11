(** Emitted from the Python specification by [vaelid theorems --emit-rocq]: do not edit.
    Each definition is an executed function, called on symbolic arrays. Sizes come first;
    a vector is a function of the index; a record is given by its leaves. *)
From Coq Require Import Reals.
From Vaelid.base Require Import FiniteSums.
Open Scope R_scope.

(** vaelid/spec/arrays.py:97 *)
Definition exp_minus_one_minus (x : R) : R :=
  exp x - 1 - x.

(** vaelid/spec/latent.py:68 *)
Definition variance_of_scale (sigma : R) : R :=
  sigma ^ 2.

(** vaelid/spec/latent.py:22 *)
Definition reparameterize_diag (mu logvar eps : nat -> R) : nat -> R :=
  fun i => mu i + exp (logvar i / 2) * eps i.

(** vaelid/spec/latent.py:35 *)
Definition coordinate_kl_to_standard (mu logvar : R) : R :=
  (exp logvar + mu ^ 2 - 1 - logvar) / 2.

(** vaelid/spec/latent.py:44 *)
Definition diagonal_gaussian_kl_to_standard_sum (L : nat) (mu logvar : nat -> R) : R :=
  fsum (fun i => (exp (logvar i) + mu i ^ 2 - 1 - logvar i) / 2) L.

(** vaelid/spec/latent.py:55 *)
Definition diagonal_gaussian_kl_to_standard (L : nat) (mu logvar : nat -> R) : R :=
  fsum (fun i => (exp (logvar i) + mu i ^ 2 - 1 - logvar i) / 2) L / INR L.

(** vaelid/spec/vae.py:91 *)
Definition mean_squared_error (D : nat) (x_hat x : nat -> R) : R :=
  fsum (fun i => (x_hat i - x i) ^ 2) D / INR D.

(** vaelid/spec/vae.py:66 *)
Definition encode_mean (model_encoder_mean model_encoder_logvar model_decoder_forward : (nat ->
    R) -> nat -> R) (x : nat -> R) : nat -> R :=
  model_encoder_mean x.

(** vaelid/spec/vae.py:66 *)
Definition encode_logvar (model_encoder_mean model_encoder_logvar model_decoder_forward : (nat
    -> R) -> nat -> R) (x : nat -> R) : nat -> R :=
  model_encoder_logvar x.

(** vaelid/spec/vae.py:74 *)
Definition sample_latent (model_encoder_mean model_encoder_logvar model_decoder_forward : (nat
    -> R) -> nat -> R) (x eps : nat -> R) : nat -> R :=
  fun i => model_encoder_mean x i + exp (model_encoder_logvar x i / 2) * eps i.

(** vaelid/spec/vae.py:83 *)
Definition forward (model_encoder_mean model_encoder_logvar model_decoder_forward : (nat -> R)
    -> nat -> R) (x eps : nat -> R) : nat -> R :=
  model_decoder_forward (fun i => model_encoder_mean x i + exp (model_encoder_logvar x i / 2) *
    eps i).

(** vaelid/spec/vae.py:100 *)
Definition reconstruction_loss (D : nat) (model_encoder_mean model_encoder_logvar
    model_decoder_forward : (nat -> R) -> nat -> R) (x eps : nat -> R) : R :=
  fsum (fun i => (model_decoder_forward (fun j => model_encoder_mean x j + exp
    (model_encoder_logvar x j / 2) * eps j) i - x i) ^ 2) D / INR D.

(** vaelid/spec/vae.py:108 *)
Definition kl_loss (L : nat) (model_encoder_mean model_encoder_logvar model_decoder_forward :
    (nat -> R) -> nat -> R) (x : nat -> R) : R :=
  fsum (fun i => (exp (model_encoder_logvar x i) + model_encoder_mean x i ^ 2 - 1 -
    model_encoder_logvar x i) / 2) L / INR L.

(** vaelid/spec/vae.py:117 *)
Definition loss (D L : nat) (model_encoder_mean model_encoder_logvar model_decoder_forward :
    (nat -> R) -> nat -> R) (beta : R) (x eps : nat -> R) : R :=
  fsum (fun i => (model_decoder_forward (fun j => model_encoder_mean x j + exp
    (model_encoder_logvar x j / 2) * eps j) i - x i) ^ 2) D / INR D + beta * (fsum (fun i =>
    (exp (model_encoder_logvar x i) + model_encoder_mean x i ^ 2 - 1 - model_encoder_logvar x i)
    / 2) L / INR L).

(** vaelid/spec/objective.py:34 *)
Definition weighted_two_term (weight terms_base terms_regularizer : R) : R :=
  terms_base + weight * terms_regularizer.

(** vaelid/spec/objective.py:39 *)
Definition weighted_three_term (weight terms_base terms_middle terms_regularizer : R) : R :=
  terms_base + terms_middle + weight * terms_regularizer.

(** vaelid/spec/objective.py:44 *)
Definition vae_objective_terms_base (D : nat) (model_encoder_mean model_encoder_logvar
    model_decoder_forward : (nat -> R) -> nat -> R) (x eps : nat -> R) : R :=
  fsum (fun i => (model_decoder_forward (fun j => model_encoder_mean x j + exp
    (model_encoder_logvar x j / 2) * eps j) i - x i) ^ 2) D / INR D.

(** vaelid/spec/objective.py:44 *)
Definition vae_objective_terms_regularizer (L : nat) (model_encoder_mean model_encoder_logvar
    model_decoder_forward : (nat -> R) -> nat -> R) (x eps : nat -> R) : R :=
  fsum (fun i => (exp (model_encoder_logvar x i) + model_encoder_mean x i ^ 2 - 1 -
    model_encoder_logvar x i) / 2) L / INR L.

(** vaelid/spec/elbo.py:30 *)
Definition negative_elbo (terms_reconstruction_nll terms_kl_posterior_prior : R) : R :=
  terms_reconstruction_nll + terms_kl_posterior_prior.

(** vaelid/spec/elbo.py:35 *)
Definition beta_negative_elbo (beta terms_reconstruction_nll terms_kl_posterior_prior : R) : R
    :=
  terms_reconstruction_nll + beta * terms_kl_posterior_prior.

(** vaelid/spec/elbo.py:45 *)
Definition importance_weighted_bound (K : nat) (log_weights : nat -> R) : R :=
  fsum (fun i => log_weights i) K / INR K + ln (1 + fsum (fun i => exp (log_weights i - fsum
    (fun j => log_weights j) K / INR K) - 1 - (log_weights i - fsum (fun j => log_weights j) K /
    INR K)) K / INR K).

(** vaelid/spec/likelihoods/continuous.py:37 *)
Definition gaussian_log_density (x mean log_variance : R) : R :=
  - (((x - mean) * exp (- log_variance / 2)) ^ 2 + log_variance + ln (2 * PI)) / 2.

(** vaelid/spec/likelihoods/discrete.py:33 *)
Definition bernoulli_log_density (x logits : R) : R :=
  x * logits - ln (exp logits + exp 0).

(** vaelid/spec/likelihoods/continuous.py:44 *)
Definition laplace_log_density (x mean log_scale : R) : R :=
  - (Rabs (x - mean) * exp (- log_scale)) - log_scale - ln 2.

(** vaelid/spec/likelihoods/likelihood.py:71 *)
Definition gaussian_nll (D : nat) (x x_hat : nat -> R) (log_variance : R) : R :=
  - fsum (fun i => - (((x i - x_hat i) * exp (- log_variance / 2)) ^ 2 + log_variance + ln (2 *
    PI)) / 2) D.

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_mse_mean_mean (D L : nat) (beta variance : R) : R :=
  INR D / (2 * variance) * (beta / INR L).

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_mse_mean_sum (D : nat) (beta variance : R) : R :=
  INR D / (2 * variance) * beta.

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_mse_sum_mean (L : nat) (beta variance : R) : R :=
  1 / (2 * variance) * (beta / INR L).

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_mse_sum_sum (beta variance : R) : R :=
  1 / (2 * variance) * beta.

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_half_mse_sum_mean (L : nat) (beta variance : R) : R :=
  1 / variance * (beta / INR L).

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_half_mse_sum_sum (beta variance : R) : R :=
  1 / variance * beta.

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_nll_mean_mean (D L : nat) (beta variance : R) : R :=
  INR D * (beta / INR L).

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_nll_mean_sum (D : nat) (beta variance : R) : R :=
  INR D * beta.

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_nll_sum_mean (L : nat) (beta variance : R) : R :=
  1 * (beta / INR L).

(** vaelid/spec/conventions.py:13 *)
Definition effective_beta_nll_sum_sum (beta variance : R) : R :=
  1 * beta.

(** ** The axioms of the SMT kernel

    As propositions, printed from the terms that the kernel takes as true; [spec.KernelAxioms]
    proves each. *)

Definition axiom_exp_zero : Prop :=
  exp 0 = 1.

Definition axiom_exp_gt_one_plus : Prop :=
  forall (x : R), x <> 0 -> 1 + x < exp x.

Definition axiom_exp_add : Prop :=
  forall (x : R) (y : R), exp (x + y) = exp x * exp y.

Definition axiom_log_exp : Prop :=
  forall (x : R), ln (exp x) = x.

Definition axiom_exp_log : Prop :=
  forall (x : R), 0 < x -> exp (ln x) = x.

Definition axiom_pi_pos : Prop :=
  0 < PI.

Definition axiom_abs_pos : Prop :=
  forall (x : R), 0 <= x -> Rabs x = x.

Definition axiom_abs_neg : Prop :=
  forall (x : R), x < 0 -> Rabs x = - x.
