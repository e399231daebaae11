(** * The importance-weighted bound, as the code computes it

    Over K log-weights w_0 .. w_(K-1): the emitted formula, mean w + log(1 + mean excess),
    is log mean exp w; it is at least the ELBO, mean w, with equality exactly when all the
    weights are equal. From e^x - 1 - x >= 0 alone. *)
From Coq Require Import Reals Lra Psatz Lia.
From Vaelid.base Require Import FiniteSums Elementary.
From Vaelid.spec Require Import GenLinks Latent.
From Vaelid.spec Require Gen.
Open Scope R_scope.

Section Weights.
Variables (K : nat) (w : vec).
Hypothesis K_pos : (0 < K)%nat.

(** The mean excess of the weights over c, and over their mean. *)
Let excess (c : R) : R := fmean (fun k => Gen.exp_minus_one_minus (w k - c)) K.

Lemma mean_excess_nonneg c : 0 <= excess c.
Proof. apply fmean_nonneg; [exact K_pos|intros; apply exp_minus_one_minus_nonneg]. Qed.

Lemma fmean_exp :
  fmean (fun k => exp (w k)) K = exp (fmean w K) * (1 + excess (fmean w K)).
Proof.
  pose proof (INR_pos K K_pos). set (m := fmean w K).
  assert (E : fsum (fun k => exp (w k)) K =
              exp m * (INR K + fsum (fun k => Gen.exp_minus_one_minus (w k - m)) K)).
  { rewrite (fsum_ext (fun k => exp (w k))
              (fun k => exp m * (1 + (Gen.exp_minus_one_minus (w k - m) + (w k - m))))).
    - pose proof (fsum_deviation w K K_pos) as Z. fold m in Z.
      rewrite fsum_scal, fsum_plus, fsum_const, fsum_plus, Z. ring.
    - intros k _. rewrite exp_minus_one_minus_eq.
      replace (exp (w k)) with (exp m * exp (w k - m))
        by (rewrite <- exp_plus; f_equal; ring).
      ring. }
  unfold fmean at 1. rewrite E. unfold excess, fmean. field. lra.
Qed.

(** log mean exp = ELBO + log(1 + mean excess). *)
Theorem iw_gap :
  ln (fmean (fun k => exp (w k)) K) =
    fmean w K + ln (1 + fmean (fun k => Gen.exp_minus_one_minus (w k - fmean w K)) K).
Proof.
  rewrite fmean_exp. pose proof (mean_excess_nonneg (fmean w K)).
  rewrite ln_mult, ln_exp by (first [apply exp_pos | lra]). reflexivity.
Qed.

(** So the emitted bound is log mean exp, the bound of the importance-weighted VAE. *)
Theorem importance_weighted_bound_is_log_mean_exp :
  Gen.importance_weighted_bound K w = ln (fmean (fun k => exp (w k)) K).
Proof. rewrite iw_gap. apply importance_weighted_bound_eq. Qed.

Theorem iw_bound_ge_elbo : fmean w K <= Gen.importance_weighted_bound K w.
Proof.
  rewrite importance_weighted_bound_eq.
  pose proof (ln_one_plus_nonneg _ (mean_excess_nonneg (fmean w K))) as P.
  unfold excess in P. lra.
Qed.

Theorem iw_bound_eq_elbo_iff :
  Gen.importance_weighted_bound K w = fmean w K <->
  forall k, (k < K)%nat -> w k = fmean w K.
Proof.
  rewrite importance_weighted_bound_eq. set (m := fmean w K).
  assert (Z : excess m = 0 <-> forall k, (k < K)%nat -> w k = m).
  { unfold excess. rewrite fmean_zero_iff
      by (first [exact K_pos | intros; apply exp_minus_one_minus_nonneg]).
    split; intros E k Hk; specialize (E k Hk).
    - apply (proj1 (exp_minus_one_minus_eq_zero_iff _)) in E. lra.
    - apply (proj2 (exp_minus_one_minus_eq_zero_iff _)). lra. }
  rewrite <- Z, <- (ln_one_plus_zero_iff _ (mean_excess_nonneg m)).
  unfold excess. split; lra.
Qed.

(** Never above an upper bound of the weights. *)
Theorem iw_bound_le_max c :
  (forall k, (k < K)%nat -> w k <= c) -> Gen.importance_weighted_bound K w <= c.
Proof.
  intros B. pose proof (INR_pos K K_pos) as P.
  rewrite importance_weighted_bound_is_log_mean_exp, <- (ln_exp c).
  assert (Pos : 0 < fmean (fun k => exp (w k)) K).
  { rewrite fmean_exp. pose proof (exp_pos (fmean w K)).
    pose proof (mean_excess_nonneg (fmean w K)). nra. }
  assert (Le : fmean (fun k => exp (w k)) K <= exp c).
  { unfold fmean. apply (Rmult_le_reg_r (INR K)); [exact P|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    rewrite Rmult_comm, <- fsum_const. apply fsum_le. intros k Hk.
    apply exp_le_mono, B, Hk. }
  destruct Le as [Lt|Eq]; [left; apply ln_increasing; assumption|rewrite Eq; lra].
Qed.
End Weights.

(** One weight: the bound is the ELBO. *)
Theorem iw_bound_one w : Gen.importance_weighted_bound 1 w = w O.
Proof.
  rewrite (importance_weighted_bound_is_log_mean_exp 1 w Nat.lt_0_1).
  unfold fmean. cbn. replace ((0 + exp (w O)) / 1) with (exp (w O)) by field. apply ln_exp.
Qed.
