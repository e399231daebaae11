(** * Finite sums, means and products over the index range {0 .. n-1}

    [fsum f n] is Python's [xp.sum] over an axis of length n, [fmean f n] its [xp.mean];
    [fprod f n] is the density of independent coordinates.
    Everything is by induction on n; only Coq's real numbers are used. *)
From Coq Require Import Reals Lra Psatz Lia.
Open Scope R_scope.

(** Vectors: only the coordinates below the size in question matter. *)
Notation vec := (nat -> R).

(** ** Sums *)

Fixpoint fsum (f : vec) (n : nat) : R :=
  match n with O => 0 | S k => fsum f k + f k end.

Lemma fsum_ext f g n : (forall i, (i < n)%nat -> f i = g i) -> fsum f n = fsum g n.
Proof.
  induction n as [|n IH]; intros E; [reflexivity|].
  cbn. rewrite IH; [|intros; apply E; lia]. rewrite E; [reflexivity|lia].
Qed.

Lemma fsum_plus f g n : fsum (fun i => f i + g i) n = fsum f n + fsum g n.
Proof. induction n as [|n IH]; cbn; [ring|rewrite IH; ring]. Qed.

Lemma fsum_scal c f n : fsum (fun i => c * f i) n = c * fsum f n.
Proof. induction n as [|n IH]; cbn; [ring|rewrite IH; ring]. Qed.

Lemma fsum_const c n : fsum (fun _ => c) n = INR n * c.
Proof. induction n as [|n IH]; [cbn; ring|]. rewrite S_INR. cbn. rewrite IH. ring. Qed.

Lemma fsum_opp f n : fsum (fun i => - f i) n = - fsum f n.
Proof. induction n as [|n IH]; cbn; [ring|rewrite IH; ring]. Qed.

Lemma fsum_le f g n : (forall i, (i < n)%nat -> f i <= g i) -> fsum f n <= fsum g n.
Proof.
  induction n as [|n IH]; intros L; cbn; [lra|].
  assert (fsum f n <= fsum g n) by (apply IH; intros; apply L; lia).
  pose proof (L n (Nat.lt_succ_diag_r n)). lra.
Qed.

Lemma fsum_nonneg f n : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= fsum f n.
Proof.
  intros P. pose proof (fsum_le (fun _ => 0) f n P) as L. rewrite fsum_const in L. lra.
Qed.

Lemma fsum_zero_iff f n :
  (forall i, (i < n)%nat -> 0 <= f i) ->
  (fsum f n = 0 <-> forall i, (i < n)%nat -> f i = 0).
Proof.
  intros P. split.
  - induction n as [|n IH]; intros E i Hi; [lia|]. cbn in E.
    assert (Q : forall j, (j < n)%nat -> 0 <= f j) by (intros; apply P; lia).
    pose proof (fsum_nonneg f n Q). pose proof (P n (Nat.lt_succ_diag_r n)).
    assert (C : i = n \/ (i < n)%nat) by lia. destruct C as [->|C]; [lra|].
    apply IH; [exact Q|lra|exact C].
  - intros Z. rewrite (fsum_ext f (fun _ => 0) n Z), fsum_const. ring.
Qed.

(** (sum |f|)^2 <= n sum f^2. *)
Lemma fsum_abs_square f n :
  fsum (fun i => Rabs (f i)) n ^ 2 <= INR n * fsum (fun i => f i ^ 2) n.
Proof.
  induction n as [|n IH]; [cbn; lra|].
  rewrite S_INR. cbn [fsum]. rewrite <- (pow2_abs (f n)).
  set (s := fsum (fun i => Rabs (f i)) n) in *. set (q := fsum (fun i => f i ^ 2) n) in *.
  set (a := Rabs (f n)). destruct n as [|m].
  - cbn in s, q. subst s q. cbn. lra.
  - assert (N : 0 < INR (S m)) by (apply lt_0_INR; lia).
    set (k := INR (S m)) in *. apply (Rmult_le_reg_l k); [exact N|].
    pose proof (pow2_ge_0 (s - k * a)) as P.
    replace (k * ((k + 1) * (q + a ^ 2)))
      with ((k + 1) * (k * q - s ^ 2) + (s - k * a) ^ 2 + k * (s + a) ^ 2) by ring.
    assert (0 <= (k + 1) * (k * q - s ^ 2)) by (apply Rmult_le_pos; lra). lra.
Qed.

(** ** Products *)

Fixpoint fprod (f : vec) (n : nat) : R :=
  match n with O => 1 | S k => fprod f k * f k end.

Lemma fprod_ext f g n : (forall i, (i < n)%nat -> f i = g i) -> fprod f n = fprod g n.
Proof.
  induction n as [|n IH]; intros E; [reflexivity|].
  cbn. rewrite IH; [|intros; apply E; lia]. rewrite E; [reflexivity|lia].
Qed.

Lemma fprod_pos f n : (forall i, (i < n)%nat -> 0 < f i) -> 0 < fprod f n.
Proof.
  induction n as [|n IH]; intros P; cbn; [lra|].
  apply Rmult_lt_0_compat; [apply IH; intros|]; apply P; lia.
Qed.

Lemma fprod_le_pow f M n :
  (forall i, (i < n)%nat -> 0 <= f i <= M) -> 0 <= fprod f n <= M ^ n.
Proof.
  induction n as [|n IH]; intros B; cbn; [lra|].
  assert (0 <= fprod f n <= M ^ n) as [P Q] by (apply IH; intros; apply B; lia).
  destruct (B n (Nat.lt_succ_diag_r n)) as [P' Q']. split.
  - apply Rmult_le_pos; assumption.
  - rewrite (Rmult_comm M). apply Rmult_le_compat; assumption.
Qed.

Lemma fprod_mult f g n : fprod (fun i => f i * g i) n = fprod f n * fprod g n.
Proof. induction n as [|n IH]; cbn; [ring|rewrite IH; ring]. Qed.

Lemma ln_fprod f n :
  (forall i, (i < n)%nat -> 0 < f i) -> ln (fprod f n) = fsum (fun i => ln (f i)) n.
Proof.
  induction n as [|n IH]; intros P; cbn; [apply ln_1|].
  assert (Q : forall i, (i < n)%nat -> 0 < f i) by (intros; apply P; lia).
  rewrite ln_mult; [|apply fprod_pos; assumption|apply P; lia].
  rewrite IH by assumption. reflexivity.
Qed.

Lemma exp_fsum f n : exp (fsum f n) = fprod (fun i => exp (f i)) n.
Proof.
  induction n as [|n IH]; cbn; [apply exp_0|]. rewrite exp_plus, IH. reflexivity.
Qed.

(** ** Means over an axis of length n > 0 *)

Definition fmean (f : vec) (n : nat) : R := fsum f n / INR n.

Lemma INR_pos n : (0 < n)%nat -> 0 < INR n.
Proof. intros H. change 0 with (INR 0). apply lt_INR, H. Qed.

Lemma fmean_ext f g n : (forall i, (i < n)%nat -> f i = g i) -> fmean f n = fmean g n.
Proof. intros E. unfold fmean. rewrite (fsum_ext f g n E). reflexivity. Qed.

Lemma fmean_fsum f n : (0 < n)%nat -> INR n * fmean f n = fsum f n.
Proof. intros H. pose proof (INR_pos n H). unfold fmean. field. lra. Qed.

Lemma fmean_plus f g n : fmean (fun i => f i + g i) n = fmean f n + fmean g n.
Proof. unfold fmean. rewrite fsum_plus. unfold Rdiv. ring. Qed.

Lemma fmean_const c n : (0 < n)%nat -> fmean (fun _ => c) n = c.
Proof. intros H. pose proof (INR_pos n H). unfold fmean. rewrite fsum_const. field. lra. Qed.

Lemma fmean_le f g n :
  (0 < n)%nat -> (forall i, (i < n)%nat -> f i <= g i) -> fmean f n <= fmean g n.
Proof.
  intros H L. apply Rmult_le_compat_r; [|apply fsum_le, L].
  left. apply Rinv_0_lt_compat, INR_pos, H.
Qed.

Lemma fmean_nonneg f n :
  (0 < n)%nat -> (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= fmean f n.
Proof.
  intros H P. pose proof (INR_pos n H). pose proof (fsum_nonneg f n P).
  apply Rmult_le_pos; [assumption|]. left. apply Rinv_0_lt_compat. assumption.
Qed.

Lemma fmean_zero_iff f n :
  (0 < n)%nat -> (forall i, (i < n)%nat -> 0 <= f i) ->
  (fmean f n = 0 <-> forall i, (i < n)%nat -> f i = 0).
Proof.
  intros H P. rewrite <- (fsum_zero_iff f n P). pose proof (INR_pos n H).
  split; intros E.
  - rewrite <- (fmean_fsum f n H), E. ring.
  - unfold fmean. rewrite E. field. lra.
Qed.

(** The deviations from the mean sum to zero. *)
Lemma fsum_deviation f n : (0 < n)%nat -> fsum (fun i => f i - fmean f n) n = 0.
Proof.
  intros H. rewrite (fsum_ext _ (fun i => f i + - fmean f n)) by (intros; ring).
  rewrite fsum_plus, fsum_const, <- (fmean_fsum f n H). ring.
Qed.
