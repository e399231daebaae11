(** * The latent side: the sampler, and the KL as the code computes it

    The emitted sampler is a bijection between noise and latent. Then, of
    [coordinate_kl_to_standard], of its sum and of its mean over the latent coordinates:
    never negative, and zero exactly at the standard normal. All of it rests on one
    elementary inequality, e^x - 1 - x >= 0 with equality at zero only. That the formula
    is the KL *integral* is in [gauss.NormalKl] and [measure.Product]. *)
From Coq Require Import Reals Lra Psatz Lia FunctionalExtensionality.
From Vaelid.base Require Import FiniteSums Elementary.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** ** The sampler is a bijection between noise and latent *)

(** The noise that the sampler sends to z. *)
Definition standardize (mu logvar z : vec) : vec := fun i => (z i - mu i) * exp (- (logvar i / 2)).

Lemma reparameterize_standardize mu logvar z :
  Gen.reparameterize_diag mu logvar (standardize mu logvar z) = z.
Proof.
  apply functional_extensionality. intros i. rewrite reparameterize_diag_eq.
  unfold standardize. rewrite exp_Ropp. pose proof (exp_pos (logvar i / 2)). field. lra.
Qed.

Lemma standardize_reparameterize mu logvar eps :
  standardize mu logvar (Gen.reparameterize_diag mu logvar eps) = eps.
Proof.
  apply functional_extensionality. intros i. unfold standardize.
  rewrite reparameterize_diag_eq, exp_Ropp. pose proof (exp_pos (logvar i / 2)). field. lra.
Qed.

(** The variance of the scale exp(logvar/2). *)
Theorem variance_of_posterior_scale logvar :
  Gen.variance_of_scale (exp (logvar / 2)) = exp logvar.
Proof. rewrite variance_of_scale_eq. apply exp_half_pow. Qed.

(** ** e^x - 1 - x *)

Theorem exp_minus_one_minus_nonneg x : 0 <= Gen.exp_minus_one_minus x.
Proof. rewrite exp_minus_one_minus_eq. pose proof (exp_ge_one_plus x). lra. Qed.

Theorem exp_minus_one_minus_pos x : x <> 0 -> 0 < Gen.exp_minus_one_minus x.
Proof.
  intros N. rewrite exp_minus_one_minus_eq. pose proof (exp_gt_one_plus x N). lra.
Qed.

Lemma exp_minus_one_minus_eq_zero_iff x : Gen.exp_minus_one_minus x = 0 <-> x = 0.
Proof.
  split.
  - intros E. destruct (Req_dec x 0) as [Z|N]; [exact Z|].
    pose proof (exp_minus_one_minus_pos x N). lra.
  - intros ->. rewrite exp_minus_one_minus_eq, exp_0. ring.
Qed.

(** ** One coordinate *)

(** A square and an exponential excess, halved: what the float kernel evaluates. *)
Lemma coordinate_kl_to_standard_split mu logvar :
  Gen.coordinate_kl_to_standard mu logvar = (mu ^ 2 + Gen.exp_minus_one_minus logvar) / 2.
Proof. rewrite coordinate_kl_to_standard_eq, exp_minus_one_minus_eq. field. Qed.

Theorem coordinate_kl_to_standard_nonneg mu logvar :
  0 <= Gen.coordinate_kl_to_standard mu logvar.
Proof.
  rewrite coordinate_kl_to_standard_split.
  pose proof (exp_minus_one_minus_nonneg logvar). pose proof (pow2_ge_0 mu). lra.
Qed.

Theorem coordinate_kl_to_standard_eq_zero_iff mu logvar :
  Gen.coordinate_kl_to_standard mu logvar = 0 <-> mu = 0 /\ logvar = 0.
Proof.
  rewrite coordinate_kl_to_standard_split.
  pose proof (exp_minus_one_minus_nonneg logvar) as V. pose proof (pow2_ge_0 mu) as M.
  split.
  - intros E. split.
    + apply Rsqr_0_uniq. rewrite Rsqr_pow2. lra.
    + apply exp_minus_one_minus_eq_zero_iff. lra.
  - intros [-> ->]. rewrite (proj2 (exp_minus_one_minus_eq_zero_iff 0) eq_refl). field.
Qed.

(** ** The sum over L coordinates: the KL in nats *)

Theorem diagonal_gaussian_kl_to_standard_sum_nonneg L mu logvar :
  0 <= Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar.
Proof.
  rewrite diagonal_gaussian_kl_to_standard_sum_eq.
  apply fsum_nonneg. intros. apply coordinate_kl_to_standard_nonneg.
Qed.

Theorem diagonal_gaussian_kl_to_standard_sum_eq_zero_iff L mu logvar :
  Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar = 0 <->
  (forall i, (i < L)%nat -> mu i = 0) /\ (forall i, (i < L)%nat -> logvar i = 0).
Proof.
  rewrite diagonal_gaussian_kl_to_standard_sum_eq.
  rewrite fsum_zero_iff by (intros; apply coordinate_kl_to_standard_nonneg).
  split.
  - intros Z. split; intros i Hi;
      apply (coordinate_kl_to_standard_eq_zero_iff (mu i) (logvar i)), Z, Hi.
  - intros [M V] i Hi. apply coordinate_kl_to_standard_eq_zero_iff. auto.
Qed.

(** ** The mean over L coordinates: TorchLean's executable convention *)

Theorem mean_sum_link L mu logvar :
  (0 < L)%nat ->
  INR L * Gen.diagonal_gaussian_kl_to_standard L mu logvar =
    Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar.
Proof.
  intros HL.
  rewrite diagonal_gaussian_kl_to_standard_eq, diagonal_gaussian_kl_to_standard_sum_eq.
  apply fmean_fsum, HL.
Qed.

Theorem diagonal_gaussian_kl_to_standard_nonneg L mu logvar :
  (0 < L)%nat -> 0 <= Gen.diagonal_gaussian_kl_to_standard L mu logvar.
Proof.
  intros HL. rewrite diagonal_gaussian_kl_to_standard_eq.
  apply fmean_nonneg; [exact HL|]. intros. apply coordinate_kl_to_standard_nonneg.
Qed.

Theorem diagonal_gaussian_kl_to_standard_eq_zero_iff L mu logvar :
  (0 < L)%nat ->
  (Gen.diagonal_gaussian_kl_to_standard L mu logvar = 0 <->
   forall i, (i < L)%nat -> mu i = 0 /\ logvar i = 0).
Proof.
  intros HL. rewrite diagonal_gaussian_kl_to_standard_eq.
  rewrite fmean_zero_iff
    by (first [exact HL | intros; apply coordinate_kl_to_standard_nonneg]).
  split; intros Z i Hi; apply coordinate_kl_to_standard_eq_zero_iff, Z, Hi.
Qed.
