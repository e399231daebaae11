(** * vae_training_bound: what is trained bounds the evidence, on R^L

    For every encoder and decoder, every beta > 0 and every x: the expectation over the
    posterior of the *emitted* loss is at least -(beta/L) ln p(x) - s2 ln(2 PI s2), with
    p(x) the evidence of the decoder N(x_hat(z), s2 I) and s2 = beta D / (2 L). Nothing is
    assumed of the posterior, the prior or the KL; only that the two integrals exist, which
    [measure.LinearDecoder] proves of every affine decoder. The loss at a latent z is the
    emitted loss at the noise that the sampler sends to z; [measure.Expectation] states the
    same with the noise drawn from N(0, I). *)
From Vaelid.measure Require Import Prelude LebesgueIntegral Product GaussianNd.
From Vaelid.spec Require Gen Vae.
From Vaelid.objective Require GaussianNll.
From Vaelid.variational Require TrainingBound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Theorem vae_training_bound (encoder_mean encoder_logvar decoder : vec -> vec)
    (D L : nat) (beta : RR) (x : vec) (E total : RR) :
  Rlt 0 beta -> Peano.lt 0 D -> Peano.lt 0 L ->
  let s2 := GaussianNll.elbo_variance beta D L in
  has_int (leb_n L)
    (fun z => Rmult (GaussianNll.gaussian_density s2 (decoder (coord z)) x D) (prior z)) E ->
  has_int (leb_n L)
    (fun z => Rmult (posterior (encoder_mean x) (encoder_logvar x) z)
                    (Gen.loss D L encoder_mean encoder_logvar decoder beta x
                       (Vae.noise_at encoder_mean encoder_logvar x (coord z)))) total ->
  Rlt 0 E /\
  Rle (Rminus (Rmult (Ropp (Rdiv beta (INR L))) (ln E))
              (Rmult s2 (ln (Rmult (Rmult (IZR 2) PI) s2)))) total.
Proof.
move=> b0 D0 L0 s2 HE Ht.
exact: (@TrainingBound.training_loss_bounds_evidence _ (lebesgue_integral_of (leb_n L))
          encoder_mean encoder_logvar decoder D L beta x b0 D0 L0
          (@coord L) (@posterior _ _ L) (@prior L) E total
          (@posterior_nonneg _ _ L) (@prior_pos L) (has_int_posterior _ _ L)
          (klN_is_the_kl _ _ L) HE Ht).
Qed.
