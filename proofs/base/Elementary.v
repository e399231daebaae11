(** * Elementary facts about exp, ln and pi

    First the eight facts that the SMT kernel takes as axioms, each a theorem of Coq's real
    numbers, under the name and in the form the kernel uses; then what is used here. *)
From Coq Require Import Reals Lra Psatz.
Open Scope R_scope.

(** ** The axioms of the SMT kernel *)

Theorem exp_zero : exp 0 = 1.
Proof. exact exp_0. Qed.

Theorem exp_gt_one_plus x : x <> 0 -> 1 + x < exp x.
Proof. exact (exp_ineq1 x). Qed.

Theorem exp_add x y : exp (x + y) = exp x * exp y.
Proof. exact (exp_plus x y). Qed.

Theorem log_exp x : ln (exp x) = x.
Proof. exact (ln_exp x). Qed.

Theorem exp_log x : 0 < x -> exp (ln x) = x.
Proof. exact (exp_ln x). Qed.

Theorem abs_pos x : 0 <= x -> Rabs x = x.
Proof. exact (Rabs_pos_eq x). Qed.

Theorem abs_neg x : x < 0 -> Rabs x = - x.
Proof. exact (Rabs_left x). Qed.

Theorem pi_pos : 0 < PI.
Proof. exact PI_RGT_0. Qed.

(** ** Consequences *)

Lemma exp_ge_one_plus x : 1 + x <= exp x.
Proof. exact (exp_ineq1_le x). Qed.

Lemma exp_le_mono x y : x <= y -> exp x <= exp y.
Proof. intros [L| ->]; [left; apply exp_increasing, L|right; reflexivity]. Qed.

Lemma exp_half_square v : exp (v / 2) * exp (v / 2) = exp v.
Proof. rewrite <- exp_plus. f_equal. field. Qed.

Lemma exp_half_pow v : exp (v / 2) ^ 2 = exp v.
Proof. cbn. rewrite Rmult_1_r. apply exp_half_square. Qed.

Lemma one_plus_exp_pos x : 0 < 1 + exp x.
Proof. pose proof (exp_pos x). lra. Qed.

Lemma ln_div a b : 0 < a -> 0 < b -> ln (a / b) = ln a - ln b.
Proof.
  intros Ha Hb. unfold Rdiv. pose proof (Rinv_0_lt_compat _ Hb).
  rewrite ln_mult, ln_Rinv by assumption. ring.
Qed.

Lemma ln_sqrt a : 0 < a -> ln (sqrt a) = ln a / 2.
Proof.
  intros P. pose proof (sqrt_lt_R0 _ P) as S.
  rewrite <- (sqrt_sqrt a) at 2 by lra. rewrite ln_mult by exact S. field.
Qed.

Lemma exp_half_ln a : 0 < a -> exp (ln a / 2) = sqrt a.
Proof.
  intros P. rewrite <- ln_sqrt by exact P. apply exp_ln, sqrt_lt_R0, P.
Qed.

(** The tangent of ln at u = 1, and at u = e^c. *)
Lemma ln_le_minus_one u : 0 < u -> ln u <= u - 1.
Proof.
  intros P. pose proof (exp_ge_one_plus (ln u)) as K. rewrite exp_ln in K by exact P. lra.
Qed.

Lemma ln_lt_minus_one u : 0 < u -> u <> 1 -> ln u < u - 1.
Proof.
  intros P N. assert (L : ln u <> 0).
  { intros Z. apply N. rewrite <- (exp_ln u P), Z. apply exp_0. }
  pose proof (exp_gt_one_plus (ln u) L) as K. rewrite exp_ln in K by exact P. lra.
Qed.

(** q ln(q/p) + p - q, the integrand of a KL in nonnegative form: zero only where q = p. *)
Lemma kl_integrand_nonneg q p :
  0 <= q -> 0 <= p -> (0 < q -> 0 < p) -> 0 <= q * ln (q / p) + p - q.
Proof.
  intros [Q|<-] P A; [|lra]. specialize (A Q).
  pose proof (ln_le_minus_one (p / q) (Rdiv_lt_0_compat _ _ A Q)) as K.
  rewrite ln_div in K by assumption. rewrite ln_div by assumption.
  apply (Rmult_le_compat_l q) in K; [|lra].
  replace (q * (p / q - 1)) with (p - q) in K by (field; lra). lra.
Qed.

Lemma kl_integrand_zero q p :
  0 <= q -> 0 <= p -> (0 < q -> 0 < p) -> q * ln (q / p) + p - q = 0 -> q = p.
Proof.
  intros [Q|<-] P A E; [|lra]. specialize (A Q).
  destruct (Req_dec (p / q) 1) as [U|U].
  - replace p with (p / q * q) by (field; lra). rewrite U. ring.
  - exfalso. pose proof (ln_lt_minus_one (p / q) (Rdiv_lt_0_compat _ _ A Q) U) as K.
    rewrite ln_div in K by assumption. rewrite ln_div in E by assumption.
    apply (Rmult_lt_compat_l q) in K; [|exact Q].
    replace (q * (p / q - 1)) with (p - q) in K by (field; lra). lra.
Qed.

Lemma ln_tangent c u : 0 < u -> ln u - c <= exp (- c) * u - 1.
Proof.
  intros P. pose proof (exp_ge_one_plus (- c + ln u)) as K.
  rewrite exp_plus, exp_ln in K by exact P. lra.
Qed.

Lemma ln_one_plus_nonneg u : 0 <= u -> 0 <= ln (1 + u).
Proof.
  intros [P|<-]; [|rewrite Rplus_0_r, ln_1; lra].
  left. rewrite <- ln_1. apply ln_increasing; lra.
Qed.

Lemma ln_one_plus_zero_iff u : 0 <= u -> (ln (1 + u) = 0 <-> u = 0).
Proof.
  intros P. split; intros E.
  - destruct P as [P|<-]; [|reflexivity]. exfalso.
    assert (0 < ln (1 + u)) by (rewrite <- ln_1; apply ln_increasing; lra). lra.
  - rewrite E, Rplus_0_r. apply ln_1.
Qed.
