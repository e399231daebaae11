(** * The float kernel of the KL, with its float32 rounding

    [kl_sum] of [src/vaelid/train/losses.py] evaluates, where x * x < 1 in float32,
    P(x) * (x * x) by Horner's rule. Every operation rounds to nearest, ties to even, in
    binary32 (Flocq's FLT format with subnormals); multiply-add may be fused or not, at each
    step. Whatever the compiler chooses: the result is never negative; it is positive from
    |x| = 2^-73 on; from |x| = 2^-62 on it is within 3.6e-7 of e^x - 1 - x, relatively
    (six units of the rounding error 2^-24). Overflow is out of reach: nothing exceeds 1.
    The branch x * x >= 1, which calls the library's exp, is not treated. *)
From Coq Require Import Reals Lra Psatz ZArith.
From Flocq Require Import Core Relative.
From Vaelid.spec Require Import GenLinks Latent.
From Vaelid.spec Require Gen.
From Vaelid.objective Require Import KlKernel KlKernelError.
Open Scope R_scope.

(** ** binary32, without its largest number *)

Definition float32_exponent : Z -> Z := FLT_exp (-149) 24.
Definition rounded (x : R) : R := round radix2 float32_exponent ZnearestE x.
Definition float32 (x : R) : Prop := generic_format radix2 float32_exponent x.

Local Instance prec_pos : Prec_gt_0 24.
Proof. reflexivity. Qed.
Local Instance exponent_valid : Valid_exp float32_exponent.
Proof. apply FLT_exp_valid. exact prec_pos. Qed.

Lemma rounded_nonneg x : 0 <= x -> 0 <= rounded x.
Proof.
  intros P. rewrite <- (round_0 radix2 float32_exponent ZnearestE).
  apply round_le; [exact exponent_valid|apply valid_rnd_N|exact P].
Qed.

Lemma rounded_le x y : x <= y -> rounded x <= rounded y.
Proof. apply round_le; [exact exponent_valid|apply valid_rnd_N]. Qed.

Lemma rounded_float x : float32 x -> rounded x = x.
Proof. apply round_generic. apply valid_rnd_N. Qed.

Lemma float32_bpow e : (-149 <= e)%Z -> float32 (bpow radix2 e).
Proof.
  intros H. apply generic_format_bpow'; [exact exponent_valid|].
  unfold float32_exponent, FLT_exp. lia.
Qed.

(** Error of one rounding: 2^-24 relatively, and 2^-150 near zero. *)
Lemma rounded_error x : Rabs (rounded x - x) <= 6e-8 * Rabs x + 1e-45.
Proof.
  destruct (error_N_FLT radix2 (-149) 24 eq_refl (fun z => negb (Z.even z)) x)
    as [eps [eta [He [Ht [_ E]]]]].
  unfold rounded. unfold float32_exponent. rewrite E.
  replace (x * (1 + eps) + eta - x) with (eps * x + eta) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult. cbn in He, Ht.
  apply Rplus_le_compat.
  - apply Rmult_le_compat_r; [apply Rabs_pos|]. lra.
  - eapply Rle_trans; [exact Ht|]. lra.
Qed.

Lemma rounded_relative_error x :
  bpow radix2 (-126) <= Rabs x -> Rabs (rounded x - x) <= 6e-8 * Rabs x.
Proof.
  intros H.
  pose proof (relative_error_N_FLT radix2 (-149) 24 eq_refl (fun z => negb (Z.even z)) x H) as E.
  cbn in E. eapply Rle_trans; [exact E|]. apply Rmult_le_compat_r; [apply Rabs_pos|]. lra.
Qed.

(** ** Horner's rule in float32 *)

(** r is a float32 value of c + x * t, with one rounding or two. *)
Definition multiply_add (c x t r : R) : Prop :=
  r = rounded (c + rounded (x * t)) \/ r = rounded (c + x * t).

(** p is a float32 value of the polynomial at x; the coefficients are float32 numbers. *)
Definition computes_polynomial (x p : R) : Prop :=
  exists t6 t5 t4 t3 t2 t1,
    multiply_add (13922913 / 549755813888) x (12151355 / 4398046511104) t6 /\
    multiply_add (6818931 / 34359738368) x t6 t5 /\
    multiply_add (11927929 / 8589934592) x t5 t4 /\
    multiply_add (4473907 / 536870912) x t4 t3 /\
    multiply_add (11184823 / 268435456) x t3 t2 /\
    multiply_add (11184811 / 67108864) x t2 t1 /\
    multiply_add (1 / 2) x t1 p.

(** k is a float32 value of the kernel at x. *)
Definition computes_kernel (x k : R) : Prop :=
  exists p, computes_polynomial x p /\ k = rounded (p * rounded (x * x)).

(** One step to v = c + x t: t' is within d of t, and |t| <= b, |v| <= e. *)
Lemma multiply_add_error c x t t' r v b d e :
  -1 <= x <= 1 -> multiply_add c x t' r -> v = c + x * t ->
  - b <= t <= b -> - d <= t' - t <= d -> - e <= v <= e ->
  Rabs (r - v) <= d + 6.1e-8 * (b + d) + 6.1e-8 * (e + d) + 1e-40.
Proof.
  intros Hx Step -> Hb Hd He.
  assert (Pb : 0 <= b) by lra. assert (Pd : 0 <= d) by lra. assert (Pe : 0 <= e) by lra.
  assert (A : - d <= x * t' - x * t <= d) by (split; nra).
  assert (M : Rabs (x * t') <= b + d) by (apply Rabs_le; split; nra).
  pose proof (rounded_error (x * t')) as E1. apply Rabs_le_inv in E1.
  pose proof (Rabs_pos (x * t')).
  destruct Step as [-> | ->].
  - set (m := rounded (x * t')) in *.
    pose proof (rounded_error (c + m)) as E2. apply Rabs_le_inv in E2.
    assert (S : Rabs (c + m) <= e + d + 6e-8 * (b + d) + 1e-45) by (apply Rabs_le; lra).
    apply Rabs_le. lra.
  - pose proof (rounded_error (c + x * t')) as E2. apply Rabs_le_inv in E2.
    assert (S : Rabs (c + x * t') <= e + d) by (apply Rabs_le; lra).
    apply Rabs_le. lra.
Qed.

Theorem computed_polynomial_error x p :
  -1 <= x <= 1 -> computes_polynomial x p -> Rabs (p - kernel_polynomial x) <= 8e-8.
Proof.
  intros H (s6 & s5 & s4 & s3 & s2 & s1 & C6 & C5 & C4 & C3 & C2 & C1 & C0).
  pose proof (kernel_polynomial_bounds x H) as B0. unfold kernel_polynomial in *.
  set (t7 := 12151355 / 4398046511104) in *.
  assert (B7 : - 2.77e-6 <= t7 <= 2.77e-6) by (unfold t7; lra).
  pose proof (horner_step (13922913 / 549755813888) 2.77e-6 x t7 H ltac:(lra) ltac:(lra)) as B6.
  set (t6 := 13922913 / 549755813888 + x * t7) in *.
  pose proof (multiply_add_error _ x t7 t7 s6 t6 2.77e-6 0 2.82e-5 H C6 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E6.
  apply Rabs_le_inv in E6.
  assert (D6 : - 2e-12 <= s6 - t6 <= 2e-12) by lra. clear E6.
  pose proof (horner_step (6818931 / 34359738368) 2.82e-5 x t6 H ltac:(lra) ltac:(lra)) as B5.
  set (t5 := 6818931 / 34359738368 + x * t6) in *.
  pose proof (multiply_add_error _ x t6 s6 s5 t5 2.82e-5 2e-12 2.27e-4 H C5 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E5.
  apply Rabs_le_inv in E5.
  assert (D5 : - 1.8e-11 <= s5 - t5 <= 1.8e-11) by lra. clear E5.
  pose proof (horner_step (11927929 / 8589934592) 2.27e-4 x t5 H ltac:(lra) ltac:(lra)) as B4.
  set (t4 := 11927929 / 8589934592 + x * t5) in *.
  pose proof (multiply_add_error _ x t5 s5 s4 t4 2.27e-4 1.8e-11 1.62e-3 H C4 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E4.
  apply Rabs_le_inv in E4.
  assert (D4 : - 1.35e-10 <= s4 - t4 <= 1.35e-10) by lra. clear E4.
  pose proof (horner_step (4473907 / 536870912) 1.62e-3 x t4 H ltac:(lra) ltac:(lra)) as B3.
  set (t3 := 4473907 / 536870912 + x * t4) in *.
  pose proof (multiply_add_error _ x t4 s4 s3 t3 1.62e-3 1.35e-10 9.96e-3 H C3 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E3.
  apply Rabs_le_inv in E3.
  assert (D3 : - 8.5e-10 <= s3 - t3 <= 8.5e-10) by lra. clear E3.
  pose proof (horner_step (11184823 / 268435456) 9.96e-3 x t3 H ltac:(lra) ltac:(lra)) as B2.
  set (t2 := 11184823 / 268435456 + x * t3) in *.
  pose proof (multiply_add_error _ x t3 s3 s2 t2 9.96e-3 8.5e-10 5.17e-2 H C2 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E2.
  apply Rabs_le_inv in E2.
  assert (D2 : - 4.7e-9 <= s2 - t2 <= 4.7e-9) by lra. clear E2.
  pose proof (horner_step (11184811 / 67108864) 5.17e-2 x t2 H ltac:(lra) ltac:(lra)) as B1.
  set (t1 := 11184811 / 67108864 + x * t2) in *.
  pose proof (multiply_add_error _ x t2 s2 s1 t1 5.17e-2 4.7e-9 0.2184 H C1 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E1.
  apply Rabs_le_inv in E1.
  assert (D1 : - 2.15e-8 <= s1 - t1 <= 2.15e-8) by lra. clear E1.
  pose proof (multiply_add_error _ x t1 s1 p _ 0.2184 2.15e-8 0.72 H C0 eq_refl
                ltac:(lra) ltac:(lra) ltac:(lra)) as E0.
  eapply Rle_trans; [exact E0|]. lra.
Qed.

(** Where the branch is taken, |x| < 1. *)
Lemma near_zero x : rounded (x * x) < 1 -> -1 <= x <= 1.
Proof.
  intros H. assert (S : x * x < 1).
  { apply Rnot_le_lt. intros N. apply rounded_le in N.
    rewrite (rounded_float 1) in N; [lra|]. change 1 with (bpow radix2 0).
    apply float32_bpow. lia. }
  nra.
Qed.

(** ** The sign *)

Theorem computed_kernel_nonneg x k :
  rounded (x * x) < 1 -> computes_kernel x k -> 0 <= k.
Proof.
  intros H [p [Hp ->]]. apply near_zero in H.
  pose proof (computed_polynomial_error x p H Hp) as E. apply Rabs_le_inv in E.
  pose proof (kernel_polynomial_bounds x H).
  apply rounded_nonneg, Rmult_le_pos; [lra|]. apply rounded_nonneg. nra.
Qed.

Theorem computed_kernel_pos x k :
  rounded (x * x) < 1 -> bpow radix2 (-73) <= Rabs x -> computes_kernel x k -> 0 < k.
Proof.
  intros H L [p [Hp ->]]. apply near_zero in H.
  pose proof (computed_polynomial_error x p H Hp) as E. apply Rabs_le_inv in E.
  pose proof (kernel_polynomial_bounds x H).
  assert (S : bpow radix2 (-146) <= rounded (x * x)).
  { rewrite <- (rounded_float (bpow radix2 (-146))) by (apply float32_bpow; lia).
    apply rounded_le. change (-146)%Z with (-73 + -73)%Z. rewrite bpow_plus.
    pose proof (bpow_ge_0 radix2 (-73)).
    apply Rle_trans with (Rabs x * Rabs x); [apply Rmult_le_compat; assumption|].
    rewrite <- Rabs_mult, Rabs_pos_eq by nra. lra. }
  apply Rlt_le_trans with (bpow radix2 (-148)); [apply bpow_gt_0|].
  rewrite <- (rounded_float (bpow radix2 (-148))) by (apply float32_bpow; lia).
  apply rounded_le.
  apply Rle_trans with (/ 4 * bpow radix2 (-146)).
  - right. change (-148)%Z with (-2 + -146)%Z. rewrite bpow_plus. f_equal.
  - pose proof (bpow_ge_0 radix2 (-146)). apply Rmult_le_compat; lra.
Qed.

(** The KL of one coordinate: (mu^2 + kernel) / 2, each operation rounded. *)
Theorem computed_kernel_kl_nonneg mu x k s r :
  rounded (x * x) < 1 -> computes_kernel x k -> multiply_add k mu mu s ->
  r = rounded (s * / 2) -> 0 <= r.
Proof.
  intros H Hk Hs ->. pose proof (computed_kernel_nonneg x k H Hk) as K.
  apply rounded_nonneg, Rmult_le_pos; [|lra].
  destruct Hs as [-> | ->]; apply rounded_nonneg, Rplus_le_le_0_compat; try exact K.
  - apply rounded_nonneg. nra.
  - nra.
Qed.

(** ** The error *)

Theorem computed_kernel_relative_error x k :
  rounded (x * x) < 1 -> bpow radix2 (-62) <= Rabs x -> computes_kernel x k ->
  Rabs (k - Gen.exp_minus_one_minus x) <= 3.6e-7 * Gen.exp_minus_one_minus x.
Proof.
  intros H L [p [Hp ->]]. apply near_zero in H.
  pose proof (computed_polynomial_error x p H Hp) as E. apply Rabs_le_inv in E.
  pose proof (kernel_polynomial_bounds x H) as B.
  pose proof (kernel_relative_error x H) as K. apply Rabs_le_inv in K.
  set (v := Gen.exp_minus_one_minus x) in *. unfold kernel in K.
  set (P := kernel_polynomial x) in *. set (y := x * x) in *.
  assert (Y : bpow radix2 (-124) <= y).
  { change (-124)%Z with (-62 + -62)%Z. rewrite bpow_plus.
    pose proof (bpow_ge_0 radix2 (-62)).
    apply Rle_trans with (Rabs x * Rabs x); [apply Rmult_le_compat; assumption|].
    rewrite <- Rabs_mult, Rabs_pos_eq by nra. unfold y. lra. }
  pose proof (bpow_gt_0 radix2 (-124)) as Y0.
  assert (Q : bpow radix2 (-126) <= / 4 * y).
  { change (-126)%Z with (-2 + -124)%Z. rewrite bpow_plus.
    change (bpow radix2 (-2)) with (/ 4). lra. }
  assert (S : Rabs (rounded y - y) <= 6e-8 * Rabs y).
  { apply rounded_relative_error. rewrite Rabs_pos_eq by lra. lra. }
  rewrite (Rabs_pos_eq y) in S by lra. apply Rabs_le_inv in S.
  set (s := rounded y) in *.
  assert (M : / 4 * y <= p * s) by nra.
  assert (T : Rabs (rounded (p * s) - p * s) <= 6e-8 * Rabs (p * s)).
  { apply rounded_relative_error. rewrite Rabs_pos_eq by lra. lra. }
  rewrite (Rabs_pos_eq (p * s)) in T by lra. apply Rabs_le_inv in T.
  assert (A : (p - P) * y <= 8e-8 * y /\ - (8e-8 * y) <= (p - P) * y) by (split; nra).
  assert (D : p * (s - y) <= 0.73 * (6e-8 * y) /\ - (0.73 * (6e-8 * y)) <= p * (s - y))
    by (split; nra).
  assert (D' : p * (s - y) <= 6e-8 * (p * y) /\ - (6e-8 * (p * y)) <= p * (s - y))
    by (split; nra).
  assert (V : 0.35 * y <= v) by nra.
  replace (p * s) with (P * y + (p - P) * y + p * (s - y)) in * by ring.
  apply Rabs_le. split; nra.
Qed.
