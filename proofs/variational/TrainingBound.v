(** * What is trained bounds the evidence, over any positive linear integral

    For every encoder and decoder, the expectation over q of the *emitted* loss, which
    averages over coordinates, is at least -(beta/L) ln p(x) - s2 ln(2 PI s2), where p(x) is
    the evidence of the decoder N(x_hat(z), s2 I) with s2 = beta D / (2 L). From
    [loss_is_negative_elbo] and the evidence lower bound; [measure.TrainingNd] instantiates
    it with Lebesgue measure on R^L. Also for the beta-weighted negative ELBO, beta >= 1. *)
From Coq Require Import Reals Lra Psatz Lia.
From Vaelid.base Require Import FiniteSums Elementary Integral.
From Vaelid.spec Require Import GenLinks Latent Vae Objective.
From Vaelid.spec Require Gen.
From Vaelid.objective Require Import GaussianNll.
From Vaelid.variational Require Import Elbo.
Open Scope R_scope.

(** ** beta >= 1: a looser bound, in the sum convention *)

Section BetaNegativeElbo.
Context {T : Type} (I : Integral T).
Variables (q prior log_lik : T -> R) (E kl beta total : R).
Hypothesis q_nonneg : forall z, 0 <= q z.
Hypothesis prior_pos : forall z, 0 < prior z.
Hypothesis q_one : has I q 1.
Hypothesis prior_one : has I prior 1.
Hypothesis kl_is : has I (fun z => q z * ln (q z / prior z)) kl.
Hypothesis evidence_is : has I (fun z => exp (log_lik z) * prior z) E.
Hypothesis total_is : has I (fun z => q z * Gen.beta_negative_elbo beta (- log_lik z) kl) total.

Theorem beta_negative_elbo_bounds_evidence : 1 <= beta -> - ln E <= total.
Proof.
  intros B.
  assert (N : has I (fun z => q z * Gen.negative_elbo (- log_lik z) kl)
                    (total - (beta - 1) * kl)).
  { apply (has_lin I 1 (- ((beta - 1) * kl)) _ _ _ _ _ _ total_is q_one); [|ring].
    intros z. rewrite negative_elbo_eq, beta_negative_elbo_eq. ring. }
  pose proof (negative_elbo_bounds_evidence I q prior log_lik E kl q_nonneg prior_pos
                q_one kl_is evidence_is _ N) as [_ K].
  assert (0 <= kl).
  { apply (kl_nonneg I q prior); auto. intros z. left. apply prior_pos. }
  nra.
Qed.
End BetaNegativeElbo.

(** ** The emitted loss, in the mean convention *)

Section TrainingLoss.
Context {T : Type} (I : Integral T).
Variables encoder_mean encoder_logvar decoder : vec -> vec.
Variables (D L : nat) (beta : R) (x : vec).
Hypothesis beta_pos : 0 < beta.
Hypothesis D_pos : (0 < D)%nat.
Hypothesis L_pos : (0 < L)%nat.
Let s2 : R := elbo_variance beta D L.
Let kl : R := Gen.diagonal_gaussian_kl_to_standard_sum L (encoder_mean x) (encoder_logvar x).

(** [latent z] is the vector of coordinates of z. *)
Variables (latent : T -> vec) (q prior : T -> R) (E total : R).
Hypothesis q_nonneg : forall z, 0 <= q z.
Hypothesis prior_pos : forall z, 0 < prior z.
Hypothesis q_one : has I q 1.
Hypothesis kl_is : has I (fun z => q z * ln (q z / prior z)) kl.
Hypothesis evidence_is : has I (fun z => gaussian_density s2 (decoder (latent z)) x D * prior z) E.
Hypothesis total_is :
  has I (fun z => q z * Gen.loss D L encoder_mean encoder_logvar decoder beta x
                          (noise_at encoder_mean encoder_logvar x (latent z))) total.

Theorem training_loss_bounds_evidence :
  0 < E /\ - (beta / INR L) * ln E - s2 * ln (2 * PI * s2) <= total.
Proof.
  pose proof (INR_pos L L_pos) as PL. pose proof (elbo_variance_pos beta D L beta_pos D_pos L_pos).
  set (c := s2 * ln (2 * PI * s2)).
  set (log_lik z := ln (gaussian_density s2 (decoder (latent z)) x D)).
  assert (evidence_is' : has I (fun z => exp (log_lik z) * prior z) E).
  { apply (has_eq I _ _ E E) with (3 := evidence_is); [intros z|reflexivity].
    unfold log_lik. rewrite exp_ln by (apply gaussian_density_pos; assumption). reflexivity. }
  assert (total_is' : has I (fun z => q z * Gen.negative_elbo (- log_lik z) kl)
                            (INR L / beta * (total + c))).
  { apply (has_lin I (INR L / beta) (INR L / beta * c) _ _ _ _ _ _ total_is q_one); [|ring].
    intros z. rewrite loss_is_negative_elbo, forward_eq_decoder_sample_latent by assumption.
    rewrite sample_latent_noise_at, gaussian_nll_is_ln_density by assumption.
    fold s2 kl c (log_lik z). field. lra. }
  pose proof (negative_elbo_bounds_evidence I q prior log_lik E kl q_nonneg prior_pos
                q_one kl_is evidence_is' _ total_is') as [P B].
  split; [exact P|]. apply Rmult_le_compat_l with (r := beta / INR L) in B;
    [|left; apply Rdiv_lt_0_compat; assumption].
  replace (beta / INR L * (INR L / beta * (total + c))) with (total + c) in B by (field; lra).
  lra.
Qed.
End TrainingLoss.
