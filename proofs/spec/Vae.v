(** * The executable loss of an arbitrary model

    The encoder's two maps and the decoder are arbitrary functions on vectors; D is the
    number of coordinates of an observation and L of a latent. [mean_squared_error],
    [reparameterize_diag] and the KL are the emitted ones, not opaque. *)
From Coq Require Import Reals Lra Psatz Lia.
From Vaelid.base Require Import FiniteSums.
From Vaelid.spec Require Import GenLinks Latent.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** ** The mean squared error *)

Lemma mean_squared_error_nonneg D x_hat x :
  (0 < D)%nat -> 0 <= Gen.mean_squared_error D x_hat x.
Proof.
  intros HD. rewrite mean_squared_error_eq.
  apply fmean_nonneg; [exact HD|]. intros. apply pow2_ge_0.
Qed.

Theorem mean_squared_error_eq_zero_iff D x_hat x :
  (0 < D)%nat ->
  (Gen.mean_squared_error D x_hat x = 0 <-> forall i, (i < D)%nat -> x_hat i = x i).
Proof.
  intros HD. rewrite mean_squared_error_eq.
  rewrite fmean_zero_iff by (first [exact HD | intros; apply pow2_ge_0]).
  split; intros Z i Hi; specialize (Z i Hi).
  - apply Rminus_diag_uniq, Rsqr_0_uniq. rewrite Rsqr_pow2. exact Z.
  - rewrite Z. ring.
Qed.

(** Only the first D coordinates matter. *)
Lemma mean_squared_error_ext D x_hat x_hat' x :
  (forall i, (i < D)%nat -> x_hat i = x_hat' i) ->
  Gen.mean_squared_error D x_hat x = Gen.mean_squared_error D x_hat' x.
Proof.
  intros E. rewrite !mean_squared_error_eq. apply fmean_ext.
  intros i Hi. rewrite (E i Hi). reflexivity.
Qed.

(** A reconstruction that grows at most linearly in z has an error that grows at most
    quadratically. *)
Lemma mean_squared_error_growth D L x_hat x z a b :
  (0 < D)%nat ->
  (forall d, (d < D)%nat -> Rabs (x_hat d) <= a + b * fsum (fun l => Rabs (z l)) L) ->
  Gen.mean_squared_error D x_hat x <=
    4 * a ^ 2 + 2 * fmean (fun d => x d ^ 2) D
    + 4 * b ^ 2 * INR L * fsum (fun l => z l ^ 2) L.
Proof.
  intros HD G. pose proof (fsum_abs_square z L) as C.
  set (S := fsum (fun l => Rabs (z l)) L) in *. set (Q := fsum (fun l => z l ^ 2) L) in *.
  assert (B : (a + b * S) ^ 2 <= 2 * a ^ 2 + 2 * b ^ 2 * INR L * Q).
  { pose proof (pow2_ge_0 (a - b * S)). pose proof (pow2_ge_0 b).
    assert (b ^ 2 * S ^ 2 <= b ^ 2 * (INR L * Q)) by (apply Rmult_le_compat_l; lra). nra. }
  rewrite mean_squared_error_eq.
  apply Rle_trans with (fmean (fun d => 2 * (a + b * S) ^ 2 + 2 * x d ^ 2) D).
  - apply fmean_le; [exact HD|]. intros d Hd. pose proof (G d Hd) as K.
    pose proof (pow2_ge_0 (x_hat d + x d)). pose proof (Rabs_pos (x_hat d)).
    assert (x_hat d ^ 2 <= (a + b * S) ^ 2) by (rewrite <- pow2_abs; apply pow_incr; lra).
    lra.
  - rewrite fmean_plus, fmean_const by exact HD.
    unfold fmean. rewrite fsum_scal. unfold Rdiv. rewrite (Rmult_assoc 2). lra.
Qed.

Section Model.
Variables encoder_mean encoder_logvar decoder : vec -> vec.
Local Notation loss D L := (Gen.loss D L encoder_mean encoder_logvar decoder).
Local Notation reconstruction_loss D :=
  (Gen.reconstruction_loss D encoder_mean encoder_logvar decoder).
Local Notation kl_loss L := (Gen.kl_loss L encoder_mean encoder_logvar decoder).

(** ** The loss at a latent: the noise that leads there, put into the emitted loss *)

Definition noise_at (x z : vec) : vec := standardize (encoder_mean x) (encoder_logvar x) z.

Lemma sample_latent_noise_at x z :
  Gen.sample_latent encoder_mean encoder_logvar decoder x (noise_at x z) = z.
Proof. rewrite sample_latent_eq_reparameterize. apply reparameterize_standardize. Qed.

Lemma loss_at_latent D L beta x z :
  loss D L beta x (noise_at x z) =
    Gen.mean_squared_error D (decoder z) x
    + beta * Gen.diagonal_gaussian_kl_to_standard L (encoder_mean x) (encoder_logvar x).
Proof.
  rewrite beta_vae_loss_decomposition, reconstruction_loss_eq, kl_loss_eq.
  rewrite forward_eq_decoder_sample_latent, sample_latent_noise_at. reflexivity.
Qed.

(** ** The loss as a weighted objective, and as a beta-weighted negative ELBO *)

Theorem beta_vae_loss_eq_weighted_two_term D L beta x eps :
  loss D L beta x eps =
    Gen.weighted_two_term beta
      (Gen.vae_objective_terms_base D encoder_mean encoder_logvar decoder x eps)
      (Gen.vae_objective_terms_regularizer L encoder_mean encoder_logvar decoder x eps).
Proof.
  rewrite beta_vae_loss_decomposition, weighted_two_term_eq.
  rewrite vae_objective_terms_base_eq, vae_objective_terms_regularizer_eq. reflexivity.
Qed.

(** Whatever the two terms are identified with, the loss is their weighted sum. *)
Theorem beta_vae_loss_matches_named_elbo_terms D L beta x eps
    reconstruction_nll kl_posterior_prior :
  reconstruction_loss D x eps = reconstruction_nll ->
  kl_loss L x = kl_posterior_prior ->
  loss D L beta x eps = Gen.beta_negative_elbo beta reconstruction_nll kl_posterior_prior.
Proof.
  intros <- <-. rewrite beta_vae_loss_decomposition, beta_negative_elbo_eq. reflexivity.
Qed.

(** ** Special cases *)

Theorem beta_vae_loss_zero_beta D L x eps : loss D L 0 x eps = reconstruction_loss D x eps.
Proof. rewrite beta_vae_loss_decomposition. ring. Qed.

Theorem beta_vae_loss_eq_reconstruction_of_zero_kl D L beta x eps :
  kl_loss L x = 0 -> loss D L beta x eps = reconstruction_loss D x eps.
Proof. intros Z. rewrite beta_vae_loss_decomposition, Z. ring. Qed.

(** ** Monotone in beta *)

Theorem beta_vae_loss_mono_beta_of_kl_nonneg D L beta1 beta2 x eps :
  beta1 <= beta2 -> 0 <= kl_loss L x -> loss D L beta1 x eps <= loss D L beta2 x eps.
Proof. intros B P. rewrite !beta_vae_loss_decomposition. nra. Qed.

(** The hypothesis on the KL holds for every model. *)
Theorem kl_loss_nonneg L x : (0 < L)%nat -> 0 <= kl_loss L x.
Proof. intros HL. rewrite kl_loss_eq. apply diagonal_gaussian_kl_to_standard_nonneg, HL. Qed.

Theorem kl_loss_eq_zero_iff L x :
  (0 < L)%nat ->
  (kl_loss L x = 0 <->
   forall i, (i < L)%nat -> encoder_mean x i = 0 /\ encoder_logvar x i = 0).
Proof.
  intros HL. rewrite kl_loss_eq. apply diagonal_gaussian_kl_to_standard_eq_zero_iff, HL.
Qed.

Theorem beta_vae_loss_mono_beta D L beta1 beta2 x eps :
  (0 < L)%nat -> beta1 <= beta2 -> loss D L beta1 x eps <= loss D L beta2 x eps.
Proof.
  intros HL B. apply beta_vae_loss_mono_beta_of_kl_nonneg; [exact B|apply kl_loss_nonneg, HL].
Qed.

(** Strictly, unless the posterior of x has collapsed to the prior. *)
Theorem beta_vae_loss_strict_mono_beta D L beta1 beta2 x eps :
  (0 < L)%nat -> beta1 < beta2 -> kl_loss L x <> 0 ->
  loss D L beta1 x eps < loss D L beta2 x eps.
Proof.
  intros HL B N. pose proof (kl_loss_nonneg L x HL).
  rewrite !beta_vae_loss_decomposition. nra.
Qed.

Theorem beta_vae_loss_nonneg D L beta x eps :
  (0 < D)%nat -> (0 < L)%nat -> 0 <= beta -> 0 <= loss D L beta x eps.
Proof.
  intros HD HL B. pose proof (kl_loss_nonneg L x HL).
  rewrite beta_vae_loss_decomposition, reconstruction_loss_eq.
  pose proof (mean_squared_error_nonneg D
    (Gen.forward encoder_mean encoder_logvar decoder x eps) x HD). nra.
Qed.
End Model.
