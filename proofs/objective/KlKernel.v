(** * The float kernel of the KL, in exact arithmetic: its sign

    Near zero, e^x - 1 - x is evaluated as P(x) x^2, with the polynomial P of degree 7 whose
    coefficients are the float32 constants of [src/vaelid/train/excess.py] (exact rationals
    here; [make check] compares the two). On [-1, 1] the kernel is never negative and zero
    only at zero. By Horner steps: no computation with machine numbers is trusted.
    Its error is bounded in [KlKernelError], its rounding in [KlKernelFloat]. *)
From Coq Require Import Reals Lra Psatz.
Open Scope R_scope.

(** Lowest degree first, in Horner form. *)
Definition kernel_polynomial (x : R) : R :=
  1 / 2 + x * (11184811 / 67108864 + x * (11184823 / 268435456
  + x * (4473907 / 536870912 + x * (11927929 / 8589934592
  + x * (6818931 / 34359738368 + x * (13922913 / 549755813888
  + x * (12151355 / 4398046511104))))))).

(** The kernel, and the KL of one coordinate that is computed with it. *)
Definition kernel (x : R) : R := kernel_polynomial x * (x * x).
Definition kernel_kl (mu logvar : R) : R := (mu ^ 2 + kernel logvar) / 2.

(** One Horner step on [-1,1]: c + x t is within b of c when |t| <= b. *)
Lemma horner_step c b x t :
  -1 <= x <= 1 -> 0 <= b -> - b <= t <= b -> c - b <= c + x * t <= c + b.
Proof. intros Hx Hb Ht. assert (- b <= x * t <= b) by (split; nra). lra. Qed.

Theorem kernel_polynomial_bounds x : -1 <= x <= 1 -> 0.36 <= kernel_polynomial x <= 0.72.
Proof.
  intros H. unfold kernel_polynomial.
  pose proof (horner_step (13922913 / 549755813888) (12151355 / 4398046511104) x
                (12151355 / 4398046511104) H ltac:(lra) ltac:(lra)) as B6.
  set (t6 := 13922913 / _ + _) in *.
  pose proof (horner_step (6818931 / 34359738368) 3e-5 x t6 H ltac:(lra) ltac:(lra)) as B5.
  set (t5 := 6818931 / _ + _) in *.
  pose proof (horner_step (11927929 / 8589934592) 2.4e-4 x t5 H ltac:(lra) ltac:(lra)) as B4.
  set (t4 := 11927929 / _ + _) in *.
  pose proof (horner_step (4473907 / 536870912) 1.7e-3 x t4 H ltac:(lra) ltac:(lra)) as B3.
  set (t3 := 4473907 / _ + _) in *.
  pose proof (horner_step (11184823 / 268435456) 1.01e-2 x t3 H ltac:(lra) ltac:(lra)) as B2.
  set (t2 := 11184823 / _ + _) in *.
  assert (Q : 0 <= x * x <= 1) by (split; nra).
  replace (1 / 2 + x * (11184811 / 67108864 + x * t2))
    with (1 / 2 + 11184811 / 67108864 * x + (x * x) * t2) by ring.
  assert (0.0315 * (x * x) <= (x * x) * t2 <= 0.052 * (x * x)) by (split; nra).
  split; nra.
Qed.

Theorem kernel_nonneg x : -1 <= x <= 1 -> 0 <= kernel x.
Proof.
  intros H. pose proof (kernel_polynomial_bounds x H). unfold kernel.
  apply Rmult_le_pos; nra.
Qed.

Theorem kernel_zero_iff x : -1 <= x <= 1 -> (kernel x = 0 <-> x = 0).
Proof.
  intros H. pose proof (kernel_polynomial_bounds x H). unfold kernel.
  split; [intros E|intros ->; ring].
  destruct (Rmult_integral _ _ E) as [Z|Z]; [lra|]. apply Rsqr_0_uniq, Z.
Qed.

Theorem kernel_kl_nonneg mu logvar : -1 <= logvar <= 1 -> 0 <= kernel_kl mu logvar.
Proof.
  intros H. pose proof (kernel_nonneg logvar H). pose proof (pow2_ge_0 mu).
  unfold kernel_kl. lra.
Qed.

Theorem kernel_kl_zero_iff mu logvar :
  -1 <= logvar <= 1 -> (kernel_kl mu logvar = 0 <-> mu = 0 /\ logvar = 0).
Proof.
  intros H. pose proof (kernel_nonneg logvar H). pose proof (pow2_ge_0 mu).
  unfold kernel_kl. split.
  - intros E. split; [apply Rsqr_0_uniq; rewrite Rsqr_pow2; lra|].
    apply kernel_zero_iff; [exact H|lra].
  - intros [-> ->]. unfold kernel. field.
Qed.
