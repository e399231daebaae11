(** * The float kernel of the KL, in exact arithmetic: its error

    On [-1, 1], P is within 4e-9 of (e^x - 1 - x)/x^2, so that the kernel, and the KL
    computed with it, have a relative error of at most 1.2e-8 over the reals, a fifth of
    what one float32 rounding makes. From Taylor's theorem with remainder (Coquelicot) and
    a polynomial inequality checked by Interval, which computes with Coq's primitive
    integers and floats: [Print Assumptions] lists those, in [AssumptionsInterval]. *)
From Coq Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Vaelid.base Require Import Elementary.
From Vaelid.spec Require Import GenLinks Latent.
From Vaelid.spec Require Gen.
From Vaelid.objective Require Import KlKernel.
Open Scope R_scope.

(** ** Taylor's polynomial of degree 13, with Lagrange's remainder *)

Definition taylor_polynomial (x : R) : R :=
  1 / 2 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720 + x * (1 / 5040
  + x * (1 / 40320 + x * (1 / 362880 + x * (1 / 3628800 + x * (1 / 39916800
  + x * (1 / 479001600 + x * (1 / 6227020800))))))))))).

(** The excess is x^2 times the polynomial, with a remainder of known size. *)
Definition taylor_remainder (x : R) : Prop :=
  exists c, 0 <= c <= 3 /\
    Gen.exp_minus_one_minus x = x ^ 2 * (taylor_polynomial x + c * x ^ 12 / INR (fact 14)).

Lemma ex_derive_n_exp k x : ex_derive_n exp k x.
Proof. destruct k as [|k]; [exact I|]. eexists. apply (is_derive_n_exp (S k)). Qed.

Lemma Derive_n_exp k x : Derive_n exp k x = exp x.
Proof. apply is_derive_n_unique, is_derive_n_exp. Qed.

Lemma ex_derive_n_exp_opp k x : ex_derive_n (fun t => exp (- t)) k x.
Proof.
  apply ex_derive_n_comp_opp, filter_forall. intros. apply ex_derive_n_exp.
Qed.

Lemma Derive_n_exp_opp k x : Derive_n (fun t => exp (- t)) k x = (-1) ^ k * exp (- x).
Proof.
  rewrite Derive_n_comp_opp.
  - f_equal. apply Derive_n_exp.
  - apply filter_forall. intros. apply ex_derive_n_exp.
Qed.

Lemma taylor_remainder_pos x : 0 < x <= 1 -> taylor_remainder x.
Proof.
  intros H. destruct (Taylor_Lagrange exp 13 0 x) as [z [Hz E]]; [lra| |].
  { intros. apply ex_derive_n_exp. }
  exists (exp z). split.
  - split; [left; apply exp_pos|]. apply Rle_trans with (exp 1); [|apply exp_le_3].
    apply exp_le_mono. lra.
  - rewrite exp_minus_one_minus_eq. rewrite Derive_n_exp in E. rewrite E at 1.
    cbn [sum_f_R0]. rewrite !Derive_n_exp, exp_0, Rminus_0_r. unfold taylor_polynomial.
    rewrite !fact_simpl. cbn [fact]. rewrite !mult_INR. cbn [INR]. field.
Qed.

Lemma taylor_remainder_neg x : -1 <= x < 0 -> taylor_remainder x.
Proof.
  intros H. set (y := - x). assert (Hy : 0 < y <= 1) by (unfold y; lra).
  destruct (Taylor_Lagrange (fun t => exp (- t)) 13 0 y) as [z [Hz E]]; [lra| |].
  { intros. apply ex_derive_n_exp_opp. }
  exists (exp (- z)). split.
  - split; [left; apply exp_pos|]. apply Rle_trans with (exp 0); [|rewrite exp_0; lra].
    apply exp_le_mono. lra.
  - rewrite exp_minus_one_minus_eq. rewrite Derive_n_exp_opp in E. cbn [sum_f_R0] in E.
    rewrite !Derive_n_exp_opp in E. rewrite Ropp_0, exp_0, Rminus_0_r in E.
    replace (- y) with x in E by (unfold y; ring). rewrite E at 1.
    replace y with (- x) by reflexivity. unfold taylor_polynomial.
    rewrite !fact_simpl. cbn [fact]. rewrite !mult_INR. cbn [INR]. field.
Qed.

Lemma taylor_remainder_all x : -1 <= x <= 1 -> x <> 0 -> taylor_remainder x.
Proof.
  intros H N. destruct (Rlt_le_dec x 0) as [L|G].
  - apply taylor_remainder_neg. lra.
  - apply taylor_remainder_pos. lra.
Qed.

(** ** The error of the polynomial *)

Lemma kernel_polynomial_taylor x :
  -1 <= x <= 1 -> Rabs (kernel_polynomial x - taylor_polynomial x) <= 3.9e-9.
Proof.
  intros H. unfold kernel_polynomial, taylor_polynomial.
  interval with (i_taylor x, i_bisect x, i_prec 80, i_depth 14).
Qed.

Lemma fact_14 : INR (fact 14) = 87178291200.
Proof. rewrite !fact_simpl. cbn [fact]. rewrite !mult_INR. cbn [INR]. ring. Qed.

(** ** The error of the kernel, absolute and relative *)

Theorem kernel_error x :
  -1 <= x <= 1 -> Rabs (kernel x - Gen.exp_minus_one_minus x) <= 4e-9 * x ^ 2.
Proof.
  intros H. destruct (Req_dec x 0) as [->|N].
  { unfold kernel. rewrite exp_minus_one_minus_eq, exp_0.
    replace (kernel_polynomial 0 * (0 * 0) - (1 - 1 - 0)) with 0 by ring.
    rewrite Rabs_R0. lra. }
  destruct (taylor_remainder_all x H N) as [c [Hc ->]]. rewrite fact_14.
  replace (kernel x - x ^ 2 * (taylor_polynomial x + c * x ^ 12 / 87178291200))
    with (x ^ 2 * (kernel_polynomial x - taylor_polynomial x - c * x ^ 12 / 87178291200))
    by (unfold kernel; field).
  rewrite Rabs_mult, (Rabs_pos_eq (x ^ 2)) by apply pow2_ge_0.
  rewrite (Rmult_comm 4e-9). apply Rmult_le_compat_l; [apply pow2_ge_0|].
  pose proof (kernel_polynomial_taylor x H) as A. apply Rabs_le_between in A.
  assert (B : Rabs (c * x ^ 12 / 87178291200) <= 4e-11) by interval.
  apply Rabs_le_between in B. apply Rabs_le. lra.
Qed.

Theorem kernel_relative_error x :
  -1 <= x <= 1 ->
  Rabs (kernel x - Gen.exp_minus_one_minus x) <= 1.2e-8 * Gen.exp_minus_one_minus x.
Proof.
  intros H. pose proof (kernel_error x H) as A. pose proof (kernel_polynomial_bounds x H) as B.
  pose proof (pow2_ge_0 x). eapply Rle_trans; [exact A|]. apply Rabs_le_between in A.
  assert (E : kernel x = kernel_polynomial x * x ^ 2) by (unfold kernel; ring).
  rewrite E in A. nra.
Qed.

(** Of the KL of one coordinate, for every mu and |logvar| <= 1. *)
Theorem kernel_kl_relative_error mu logvar :
  -1 <= logvar <= 1 ->
  Rabs (kernel_kl mu logvar - Gen.coordinate_kl_to_standard mu logvar) <=
    1.2e-8 * Gen.coordinate_kl_to_standard mu logvar.
Proof.
  intros H. pose proof (kernel_relative_error logvar H) as A. pose proof (pow2_ge_0 mu).
  rewrite coordinate_kl_to_standard_split. unfold kernel_kl.
  replace ((mu ^ 2 + kernel logvar) / 2 - (mu ^ 2 + Gen.exp_minus_one_minus logvar) / 2)
    with ((kernel logvar - Gen.exp_minus_one_minus logvar) * / 2) by field.
  rewrite Rabs_mult, (Rabs_pos_eq (/ 2)) by lra. lra.
Qed.
