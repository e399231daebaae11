(** * The evidence lower bound, over any positive linear integral

    For densities q and joint, E the integral of joint, and ELBO the integral of
    q ln(joint/q): E is positive, ELBO <= ln E, the gap is KL(q || joint/E), and it closes at
    the exact posterior. From the tangent inequality of ln and the four properties of an
    [Integral]; nothing is assumed about the space or the dimension. *)
From Coq Require Import Reals Lra Psatz.
From Vaelid.base Require Import Elementary Integral.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
Open Scope R_scope.

Section Elbo.
Context {T : Type} (I : Integral T).
Variables (q joint : T -> R) (E elbo : R).
Hypothesis q_nonneg : forall z, 0 <= q z.
Hypothesis joint_nonneg : forall z, 0 <= joint z.
Hypothesis joint_pos : forall z, 0 < q z -> 0 < joint z.
Hypothesis q_one : has I q 1.
Hypothesis evidence_is : has I joint E.
Hypothesis elbo_is : has I (fun z => q z * ln (joint z / q z)) elbo.

(** The tangent inequality, integrated. *)
Lemma elbo_tangent c : elbo - c <= exp (- c) * E - 1.
Proof.
  apply (has_le I (fun z => q z * ln (joint z / q z) - c * q z)
                  (fun z => exp (- c) * joint z - q z)).
  - intros z. destruct (q_nonneg z) as [P|Z].
    + pose proof (joint_pos z P) as J.
      pose proof (ln_tangent c (joint z / q z) (Rdiv_lt_0_compat _ _ J P)) as K.
      apply Rmult_le_compat_l with (r := q z) in K; [|lra].
      replace (q z * (exp (- c) * (joint z / q z) - 1)) with (exp (- c) * joint z - q z) in K
        by (field; lra). lra.
    + rewrite <- Z. pose proof (exp_pos (- c)). pose proof (joint_nonneg z). nra.
  - apply (has_lin I 1 (- c) _ _ _ _ _ _ elbo_is q_one); intros; ring.
  - apply (has_lin I (exp (- c)) (- 1) _ _ _ _ _ _ evidence_is q_one); intros; ring.
Qed.

(** The evidence is positive as soon as the ELBO exists: a conclusion, not a hypothesis. *)
Theorem evidence_pos : 0 < E.
Proof.
  destruct (has_nonneg I joint E joint_nonneg evidence_is) as [P|Z]; [exact P|].
  pose proof (elbo_tangent (elbo - 1)) as K. rewrite <- Z in K. lra.
Qed.

Theorem elbo_le_evidence : elbo <= ln E.
Proof.
  pose proof evidence_pos as P. pose proof (elbo_tangent (ln E)) as K.
  rewrite exp_Ropp, exp_ln in K by exact P. rewrite Rinv_l in K by lra. lra.
Qed.

(** Bayes' rule; it is a normalised density. *)
Definition bayes (z : T) : R := joint z / E.

Lemma bayes_normalised : has I bayes 1.
Proof.
  pose proof evidence_pos as P.
  apply (has_eq I (fun z => / E * joint z) _ (/ E * E)).
  - intros z. unfold bayes. field. lra.
  - field. lra.
  - apply has_scal, evidence_is.
Qed.

(** KL(q || posterior) exists and equals ln E - ELBO. *)
Theorem evidence_gap : has I (fun z => q z * ln (q z / bayes z)) (ln E - elbo).
Proof.
  pose proof evidence_pos as PE.
  apply (has_lin I (ln E) (- 1) _ _ _ _ _ _ q_one elbo_is); [|ring].
  intros z. unfold bayes. destruct (q_nonneg z) as [P|Z]; [|rewrite <- Z; ring].
  pose proof (joint_pos z P) as J.
  rewrite !ln_div by (first [assumption | apply Rdiv_lt_0_compat; assumption]). ring.
Qed.

(** The bound is attained by the exact posterior. *)
Theorem elbo_tight : (forall z, q z = bayes z) -> elbo = ln E.
Proof.
  intros Q. pose proof evidence_pos as PE. apply (has_unique I _ _ _ elbo_is).
  apply (has_eq I (fun z => ln E * q z) _ (ln E * 1)); [|ring|apply has_scal, q_one].
  intros z. destruct (q_nonneg z) as [P|Z]; [|rewrite <- Z; ring].
  pose proof (joint_pos z P) as J. rewrite (Q z) at 3. unfold bayes.
  replace (joint z / (joint z / E)) with E by (field; lra). ring.
Qed.
End Elbo.

(** Gibbs: a KL integral between two densities is nonnegative. *)
Theorem kl_nonneg {T} (I : Integral T) (q p : T -> R) (kl : R) :
  (forall z, 0 <= q z) -> (forall z, 0 <= p z) -> (forall z, 0 < q z -> 0 < p z) ->
  has I q 1 -> has I p 1 -> has I (fun z => q z * ln (q z / p z)) kl -> 0 <= kl.
Proof.
  intros Hq Hp Hqp Iq Ip Ikl.
  assert (N : has I (fun z => q z * ln (p z / q z)) (- kl)).
  { apply (has_lin I (- 1) 0 _ _ _ _ _ _ Ikl Iq); [|ring].
    intros z. destruct (Hq z) as [P|Z]; [|rewrite <- Z; ring].
    rewrite !ln_div by auto. ring. }
  pose proof (elbo_le_evidence I q p 1 (- kl) Hq Hp Hqp Iq Ip N) as K.
  rewrite ln_1 in K. lra.
Qed.

(** ** The VAE's reading: joint = likelihood * prior *)

Section VaeElbo.
Context {T : Type} (I : Integral T).
Variables (q prior log_lik : T -> R) (E kl : R).
Hypothesis q_nonneg : forall z, 0 <= q z.
Hypothesis prior_pos : forall z, 0 < prior z.
Hypothesis q_one : has I q 1.
Hypothesis kl_is : has I (fun z => q z * ln (q z / prior z)) kl.
Hypothesis evidence_is : has I (fun z => exp (log_lik z) * prior z) E.

Let joint z : R := exp (log_lik z) * prior z.
Let joint_pos z : 0 < joint z := Rmult_lt_0_compat _ _ (exp_pos (log_lik z)) (prior_pos z).
Let joint_nonneg z : 0 <= joint z := Rlt_le _ _ (joint_pos z).
Let joint_pos_where_q z (_ : 0 < q z) : 0 < joint z := joint_pos z.

(** The expectation over q of the emitted negative ELBO, one draw of z at a time. *)
Variable total : R.
Hypothesis total_is : has I (fun z => q z * Gen.negative_elbo (- log_lik z) kl) total.

Let elbo_is : has I (fun z => q z * ln (joint z / q z)) (- total).
Proof.
  assert (R : has I (fun z => q z * log_lik z) (kl - total)).
  { apply (has_lin I (- 1) kl _ _ _ _ _ _ total_is q_one); [|ring].
    intros z. rewrite negative_elbo_eq. ring. }
  apply (has_lin I 1 (- 1) _ _ _ _ _ _ R kl_is); [|ring].
  intros z. destruct (q_nonneg z) as [P|Z]; [|rewrite <- Z; ring].
  pose proof (joint_pos z). pose proof (prior_pos z). pose proof (exp_pos (log_lik z)).
  rewrite !ln_div by assumption. unfold joint. rewrite ln_mult, ln_exp by assumption. ring.
Qed.

(** - ln p(x) <= E_q[negative ELBO]. *)
Theorem negative_elbo_bounds_evidence : 0 < E /\ - ln E <= total.
Proof.
  split.
  - exact (evidence_pos I q joint E _ q_nonneg joint_nonneg joint_pos_where_q
             q_one evidence_is elbo_is).
  - pose proof (elbo_le_evidence I q joint E _ q_nonneg joint_nonneg joint_pos_where_q
                  q_one evidence_is elbo_is). lra.
Qed.

(** What is missing is KL(q || true posterior). *)
Theorem negative_elbo_gap :
  has I (fun z => q z * ln (q z / (exp (log_lik z) * prior z / E))) (ln E + total).
Proof.
  apply (has_eq I _ _ (ln E - - total) _ (fun z => eq_refl)); [ring|].
  exact (evidence_gap I q joint E _ q_nonneg joint_nonneg joint_pos_where_q
           q_one evidence_is elbo_is).
Qed.

(** No gap where q is the true posterior. *)
Theorem negative_elbo_tight :
  (forall z, q z = exp (log_lik z) * prior z / E) -> total = - ln E.
Proof.
  intros Q. pose proof (elbo_tight I q joint E _ q_nonneg joint_nonneg joint_pos_where_q
                          q_one evidence_is elbo_is Q). lra.
Qed.
End VaeElbo.
