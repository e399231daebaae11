(** * The algebra of weighted objectives and of the named ELBO terms

    From the equations of [GenLinks] by ring and linear arithmetic alone. *)
From Coq Require Import Reals Lra Psatz.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** ** base + weight * regularizer *)

Theorem weighted_two_term_zero_regularizer weight base :
  Gen.weighted_two_term weight base 0 = base.
Proof. rewrite weighted_two_term_eq. ring. Qed.

Theorem weighted_two_term_zero_weight base regularizer :
  Gen.weighted_two_term 0 base regularizer = base.
Proof. rewrite weighted_two_term_eq. ring. Qed.

Theorem weighted_two_term_mono_weight weight1 weight2 base regularizer :
  weight1 <= weight2 -> 0 <= regularizer ->
  Gen.weighted_two_term weight1 base regularizer <=
  Gen.weighted_two_term weight2 base regularizer.
Proof. rewrite !weighted_two_term_eq. nra. Qed.

(** ** base + middle + weight * regularizer *)

Theorem weighted_three_term_zero_regularizer weight base middle :
  Gen.weighted_three_term weight base middle 0 = base + middle.
Proof. rewrite weighted_three_term_eq. ring. Qed.

Theorem weighted_three_term_zero_middle_zero_regularizer weight base :
  Gen.weighted_three_term weight base 0 0 = base.
Proof. rewrite weighted_three_term_eq. ring. Qed.

Theorem weighted_three_term_zero_weight base middle regularizer :
  Gen.weighted_three_term 0 base middle regularizer = base + middle.
Proof. rewrite weighted_three_term_eq. ring. Qed.

Theorem weighted_three_term_mono_weight weight1 weight2 base middle regularizer :
  weight1 <= weight2 -> 0 <= regularizer ->
  Gen.weighted_three_term weight1 base middle regularizer <=
  Gen.weighted_three_term weight2 base middle regularizer.
Proof. rewrite !weighted_three_term_eq. nra. Qed.

(** ** nll + beta * kl *)

Theorem beta_negative_elbo_one nll kl :
  Gen.beta_negative_elbo 1 nll kl = Gen.negative_elbo nll kl.
Proof. rewrite beta_negative_elbo_eq, negative_elbo_eq. ring. Qed.

Theorem beta_negative_elbo_eq_weighted_two_term beta nll kl :
  Gen.beta_negative_elbo beta nll kl = Gen.weighted_two_term beta nll kl.
Proof. rewrite beta_negative_elbo_eq, weighted_two_term_eq. reflexivity. Qed.

Theorem beta_negative_elbo_mono beta1 beta2 nll kl :
  beta1 <= beta2 -> 0 <= kl ->
  Gen.beta_negative_elbo beta1 nll kl <= Gen.beta_negative_elbo beta2 nll kl.
Proof. rewrite !beta_negative_elbo_eq. nra. Qed.
