(** * Binary cross-entropy from logits, as a likelihood

    On {0, 1} it is the Bernoulli negative log-likelihood. On grey values in [0, 1] its
    exponential is not a density: it integrates to at most 1/2 (Riemann integral). *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Elementary.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** ** On {0, 1} *)

Definition sigmoid (logits : R) : R := / (1 + exp (- logits)).
Definition bernoulli_mass_function (p : R) (outcome : bool) : R := if outcome then p else 1 - p.
Definition bit (outcome : bool) : R := if outcome then 1 else 0.

Lemma sigmoid_bounds l : 0 < sigmoid l < 1.
Proof.
  unfold sigmoid. pose proof (exp_pos (- l)). split; [apply Rinv_0_lt_compat; lra|].
  rewrite <- Rinv_1. apply Rinv_lt_contravar; lra.
Qed.

Lemma sigmoid_eq l : sigmoid l = exp l / (1 + exp l).
Proof.
  unfold sigmoid. rewrite exp_Ropp. pose proof (exp_pos l). field. lra.
Qed.

Theorem bernoulli_identification logits outcome :
  Gen.bernoulli_log_density (bit outcome) logits =
    ln (bernoulli_mass_function (sigmoid logits) outcome).
Proof.
  pose proof (exp_pos logits). rewrite bernoulli_log_density_eq, sigmoid_eq.
  destruct outcome; unfold bernoulli_mass_function, bit.
  - rewrite ln_div, ln_exp by lra. ring.
  - replace (1 - exp logits / (1 + exp logits)) with (1 / (1 + exp logits)) by (field; lra).
    rewrite ln_div, ln_1 by lra. ring.
Qed.

Theorem bernoulli_normalised logits :
  exp (Gen.bernoulli_log_density 0 logits) + exp (Gen.bernoulli_log_density 1 logits) = 1.
Proof.
  pose proof (sigmoid_bounds logits).
  change 0 with (bit false). change 1 with (bit true) at 1.
  rewrite !bernoulli_identification. unfold bernoulli_mass_function.
  rewrite !exp_ln by lra. ring.
Qed.

(** The form that does not lose digits in floats is the same function. *)
Theorem bernoulli_log_density_stable x l :
  Gen.bernoulli_log_density x l =
    - ((if Rlt_dec 0 l then (1 - x) * l else - x * l) + ln (1 + exp (- Rabs l))).
Proof.
  rewrite bernoulli_log_density_eq. destruct (Rlt_dec 0 l) as [P|N].
  - rewrite Rabs_pos_eq by lra. pose proof (exp_pos l). pose proof (exp_pos (- l)).
    replace (1 + exp l) with (exp l * (1 + exp (- l))) by (rewrite exp_Ropp; field; lra).
    rewrite ln_mult, ln_exp by lra. ring.
  - rewrite Rabs_left1, Ropp_involutive by lra. ring.
Qed.

(** ** On [0, 1] *)

Definition bernoulli_mass (l : R) : R :=
  if Req_EM_T l 0 then 1 / 2 else (exp l - 1) / (l * (1 + exp l)).

Lemma exp_bernoulli_log_density x l :
  exp (Gen.bernoulli_log_density x l) = exp (x * l) / (1 + exp l).
Proof.
  pose proof (one_plus_exp_pos l). rewrite bernoulli_log_density_eq.
  unfold Rminus. rewrite exp_plus, exp_Ropp, exp_ln by assumption. reflexivity.
Qed.

Theorem bernoulli_mass_is_integral l :
  is_RInt (fun x => exp (Gen.bernoulli_log_density x l)) 0 1 (bernoulli_mass l).
Proof.
  pose proof (one_plus_exp_pos l) as P. unfold bernoulli_mass.
  apply (is_RInt_ext (fun x => exp (x * l) / (1 + exp l)));
    [intros; symmetry; apply exp_bernoulli_log_density|].
  destruct (Req_EM_T l 0) as [->|N].
  - apply (is_RInt_ext (fun _ => 1 / 2)).
    { intros. rewrite Rmult_0_r, exp_0. lra. }
    evar_last; [apply (is_RInt_const (V := R_NormedModule))|].
    unfold scal; cbn; unfold mult; cbn. lra.
  - evar_last.
    { apply (is_RInt_derive (V := R_CompleteNormedModule)
               (fun x => exp (x * l) / (l * (1 + exp l)))); intros x _.
      - auto_derive; [trivial|]. field. lra.
      - apply (ex_derive_continuous (V := R_NormedModule)). auto_derive. trivial. }
    unfold minus, plus, opp; cbn. rewrite Rmult_0_l, Rmult_1_l, exp_0. field. lra.
Qed.

(** exp is below its chord on [0, 1], from two tangents at x l. *)
Lemma exp_le_chord x l : 0 <= x <= 1 -> exp (x * l) <= (1 - x) + x * exp l.
Proof.
  intros Hx. pose proof (exp_pos (x * l)) as P.
  assert (A : exp (x * l) * (1 - x * l) <= 1).
  { replace 1 with (exp (x * l) * exp (- (x * l))) at 2
      by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
    apply Rmult_le_compat_l; [lra|]. pose proof (exp_ge_one_plus (- (x * l))). lra. }
  assert (B : exp (x * l) * (1 + l - x * l) <= exp l).
  { replace (exp l) with (exp (x * l) * exp (l - x * l))
      by (rewrite <- exp_plus; f_equal; ring).
    apply Rmult_le_compat_l; [lra|]. pose proof (exp_ge_one_plus (l - x * l)). lra. }
  nra.
Qed.

Theorem bernoulli_mass_le_half l : 0 < bernoulli_mass l <= 1 / 2.
Proof.
  pose proof (one_plus_exp_pos l) as P. pose proof (exp_pos l). split.
  - unfold bernoulli_mass. destruct (Req_EM_T l 0) as [E|N]; [lra|].
    destruct (Rtotal_order l 0) as [L|[E|G]]; [|lra|].
    + assert (exp l < 1) by (rewrite <- exp_0; apply exp_increasing; exact L).
      replace ((exp l - 1) / (l * (1 + exp l))) with ((1 - exp l) / (- l * (1 + exp l)))
        by (field; lra).
      apply Rdiv_lt_0_compat; nra.
    + assert (1 < exp l) by (rewrite <- exp_0; apply exp_increasing; exact G).
      apply Rdiv_lt_0_compat; nra.
  - apply (is_RInt_le (fun x => exp (Gen.bernoulli_log_density x l))
             (fun x => (1 - x + x * exp l) / (1 + exp l)) 0 1);
      [lra|apply bernoulli_mass_is_integral| |].
    + evar_last.
      { apply (is_RInt_derive (V := R_CompleteNormedModule)
                 (fun x => (x - x ^ 2 / 2 + x ^ 2 / 2 * exp l) / (1 + exp l))); intros x _.
        - auto_derive; [trivial|]. field. lra.
        - apply (ex_derive_continuous (V := R_NormedModule)). auto_derive. trivial. }
      unfold minus, plus, opp; cbn. field. lra.
    + intros x Hx. rewrite exp_bernoulli_log_density. apply Rmult_le_compat_r.
      * left. apply Rinv_0_lt_compat, P.
      * apply exp_le_chord. lra.
Qed.
