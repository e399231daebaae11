(** * The diagonal Gaussian posterior on R^L, its KL, and the ELBO of the sum convention

    [klN_is_the_kl]: the emitted sum over the coordinates is the Lebesgue integral over R^L
    of q ln(q/p), q = N(mu, diag exp logvar), p = N(0, I). With it the evidence lower bound
    of [variational.Elbo] holds on R^L for every likelihood; then for the emitted Gaussian
    and Bernoulli log-densities, summed over the D coordinates of x. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Product.
From Vaelid.base Require FiniteSums Integral.
From Vaelid.spec Require Gen GenLinks.
From Vaelid.gauss Require Normal NormalKl.
From Vaelid.variational Require Elbo TrainingBound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** Coq's exponential; the posterior's standard deviation. *)
Definition sd (logvar : RR) : RR := Rtrigo_def.exp (Rdiv logvar (IZR 2)).

Lemma sd_pos logvar : Rlt 0 (sd logvar).
Proof. exact: exp_pos. Qed.

Definition posterior (mu logvar : vec) (n : nat) : Rn n -> RR :=
  @density (fun i => Normal.normal_pdf (mu i) (sd (logvar i))) n.
Definition prior (n : nat) : Rn n -> RR :=
  @density (fun=> Normal.normal_pdf (IZR 0) (IZR 1)) n.

Lemma has_int_posterior mu logvar n : has_int (leb_n n) (@posterior mu logvar n) 1.
Proof. by apply: has_int_density => i; apply: has_int_normal; exact: sd_pos. Qed.

Lemma has_int_prior n : has_int (leb_n n) (@prior n) 1.
Proof. by apply: has_int_density => i; apply: has_int_normal; exact: Rlt_0_1. Qed.

Lemma posterior_pos mu logvar n (z : Rn n) : Rlt 0 (posterior mu logvar z).
Proof. by apply: density_pos => i x; exact: NormalKl.posterior_pdf_pos. Qed.

Lemma posterior_nonneg mu logvar n (z : Rn n) : Rle 0 (posterior mu logvar z).
Proof. by left; exact: posterior_pos. Qed.

Lemma prior_pos n (z : Rn n) : Rlt 0 (prior z).
Proof. by apply: density_pos => i x; exact: NormalKl.standard_pdf_pos. Qed.

Lemma posterior_standard n (z : Rn n) : posterior (fun=> 0) (fun=> 0) z = prior z.
Proof.
rewrite /posterior /prior (_ : (fun=> _) = (fun=> Normal.normal_pdf (IZR 0) (IZR 1)))//.
by apply/funext => i; rewrite /sd /Rdiv Rmult_0_l exp_0.
Qed.

(** The KL integral over R^L is the emitted sum. *)
Theorem klN_is_the_kl mu logvar L :
  has_int (leb_n L)
    (fun z => Rmult (posterior mu logvar z) (ln (Rdiv (posterior mu logvar z) (prior z))))
    (Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar).
Proof.
rewrite GenLinks.diagonal_gaussian_kl_to_standard_sum_eq; apply: kl_product.
- by move=> i x; exact: NormalKl.posterior_pdf_pos.
- by move=> i x; exact: NormalKl.standard_pdf_pos.
- by move=> i; apply: has_int_normal; exact: sd_pos.
- by move=> i; exact: has_int_kl.
Qed.

(** ** The evidence lower bound on R^L, any likelihood *)

Section elbo.
Variables (mu logvar : vec) (L : nat) (log_lik : Rn L -> RR) (E total : RR).
Let I := lebesgue_integral_of (leb_n L).
Let kl : RR := Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar.
Let q := @posterior mu logvar L.
Hypothesis evidence_is :
  has_int (leb_n L) (fun z => Rmult (Rtrigo_def.exp (log_lik z)) (prior z)) E.
Hypothesis total_is :
  has_int (leb_n L)
    (fun z => Rmult (posterior mu logvar z) (Gen.negative_elbo (Ropp (log_lik z)) kl)) total.

Theorem negative_elbo_bounds_evidence_nd : Rlt 0 E /\ Rle (Ropp (ln E)) total.
Proof.
exact: (@Elbo.negative_elbo_bounds_evidence _ I q (@prior L) log_lik E kl
          (@posterior_nonneg mu logvar L) (@prior_pos L) (has_int_posterior mu logvar L)
          (klN_is_the_kl mu logvar L) evidence_is total total_is).
Qed.

(** What is missing is the KL from q to the true posterior. *)
Theorem negative_elbo_gap_nd :
  has_int (leb_n L)
    (fun z => Rmult (posterior mu logvar z)
       (ln (Rdiv (posterior mu logvar z)
                 (Rdiv (Rmult (Rtrigo_def.exp (log_lik z)) (prior z)) E))))
    (Rplus (ln E) total).
Proof.
exact: (@Elbo.negative_elbo_gap _ I q (@prior L) log_lik E kl
          (@posterior_nonneg mu logvar L) (@prior_pos L) (has_int_posterior mu logvar L)
          (klN_is_the_kl mu logvar L) evidence_is total total_is).
Qed.

(** No gap where q is the true posterior. *)
Theorem negative_elbo_tight_nd :
  (forall z, posterior mu logvar z = Rdiv (Rmult (Rtrigo_def.exp (log_lik z)) (prior z)) E) ->
  total = Ropp (ln E).
Proof.
exact: (@Elbo.negative_elbo_tight _ I q (@prior L) log_lik E kl
          (@posterior_nonneg mu logvar L) (@prior_pos L) (has_int_posterior mu logvar L)
          (klN_is_the_kl mu logvar L) evidence_is total total_is).
Qed.
End elbo.

(** beta >= 1 gives a looser bound. *)
Theorem beta_negative_elbo_bounds_evidence_nd (mu logvar : vec) (L : nat)
    (log_lik : Rn L -> RR) (beta E total : RR) :
  has_int (leb_n L) (fun z => Rmult (Rtrigo_def.exp (log_lik z)) (prior z)) E ->
  has_int (leb_n L)
    (fun z => Rmult (posterior mu logvar z)
       (Gen.beta_negative_elbo beta (Ropp (log_lik z))
          (Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar))) total ->
  Rle 1 beta -> Rle (Ropp (ln E)) total.
Proof.
move=> HE Ht.
exact: (@TrainingBound.beta_negative_elbo_bounds_evidence _ (lebesgue_integral_of (leb_n L))
          (@posterior mu logvar L) (@prior L) log_lik E _ beta total
          (@posterior_nonneg mu logvar L) (@prior_pos L) (has_int_posterior mu logvar L)
          (has_int_prior L) (klN_is_the_kl mu logvar L) HE Ht).
Qed.

(** ** The emitted likelihoods, summed over the D coordinates of x *)

Section likelihoods.
Variables (encoder_mean encoder_logvar : vec -> vec) (D L : nat) (x : vec) (E total : RR).
Let kl : RR :=
  Gen.diagonal_gaussian_kl_to_standard_sum L (encoder_mean x) (encoder_logvar x).
Let q := @posterior (encoder_mean x) (encoder_logvar x) L.

(** The decoder puts out the mean and the log-variance of every coordinate of x. *)
Definition gaussian_log_lik (decoder_mean decoder_logvar : vec -> vec) (z : vec) : RR :=
  FiniteSums.fsum
    (fun d => Gen.gaussian_log_density (x d) (decoder_mean z d) (decoder_logvar z d)) D.

(** The decoder puts out logits; [x] is of zeros and ones. *)
Definition bernoulli_log_lik (decoder : vec -> vec) (z : vec) : RR :=
  FiniteSums.fsum (fun d => Gen.bernoulli_log_density (x d) (decoder z d)) D.

Theorem gaussian_negative_elbo_bounds_evidence (decoder_mean decoder_logvar : vec -> vec) :
  let log_lik z := gaussian_log_lik decoder_mean decoder_logvar (coord z) in
  has_int (leb_n L) (fun z => Rmult (Rtrigo_def.exp (log_lik z)) (prior z)) E ->
  has_int (leb_n L) (fun z => Rmult (q z) (Gen.negative_elbo (Ropp (log_lik z)) kl)) total ->
  Rlt 0 E /\ Rle (Ropp (ln E)) total.
Proof. exact: negative_elbo_bounds_evidence_nd. Qed.

(** Of the likelihood "gaussian": one log-variance for all coordinates. *)
Theorem gaussian_nll_negative_elbo_bounds_evidence (decoder : vec -> vec) (log_variance : RR) :
  let nll z := Gen.gaussian_nll D x (decoder (coord z)) log_variance in
  has_int (leb_n L) (fun z => Rmult (Rtrigo_def.exp (Ropp (nll z))) (prior z)) E ->
  has_int (leb_n L) (fun z => Rmult (q z) (Gen.negative_elbo (nll z) kl)) total ->
  Rlt 0 E /\ Rle (Ropp (ln E)) total.
Proof.
move=> nll HE Ht; apply: (negative_elbo_bounds_evidence_nd HE).
by apply: has_int_ext Ht => z; rewrite Ropp_involutive.
Qed.

Theorem bernoulli_negative_elbo_bounds_evidence (decoder : vec -> vec) :
  let log_lik z := bernoulli_log_lik decoder (coord z) in
  has_int (leb_n L) (fun z => Rmult (Rtrigo_def.exp (log_lik z)) (prior z)) E ->
  has_int (leb_n L) (fun z => Rmult (q z) (Gen.negative_elbo (Ropp (log_lik z)) kl)) total ->
  Rlt 0 E /\ Rle (Ropp (ln E)) total.
Proof. exact: negative_elbo_bounds_evidence_nd. Qed.
End likelihoods.
