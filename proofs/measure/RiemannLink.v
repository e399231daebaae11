(** * Recognising a Riemann integral

    An additive interval function that is squeezed by the extrema of a continuous f is the
    Riemann integral of f: [measure.LebesgueLine] applies this to the Lebesgue integral.
    From the uniform continuity of f on compact intervals (Coquelicot). The Riemann integral
    is wrapped as [riemann], so that the files which import MathComp need not import
    Coquelicot's notations. *)
From Coq Require Import Reals Lra Psatz Classical.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Integral.
From Vaelid.gauss Require Import LineIntegral.
Open Scope R_scope.

Definition riemann (f : R -> R) (a b : R) : R := RInt f a b.

Section Additive.
Variables (L : R -> R -> R) (f : R -> R).
Hypothesis additive : forall a b c, a <= b -> b <= c -> L a b + L b c = L a c.
Hypothesis squeezed : forall a b m M,
  a <= b -> (forall x, a <= x <= b -> m <= f x <= M) -> m * (b - a) <= L a b <= M * (b - a).
Hypothesis continuous_f : forall x, continuity_pt f x.

Let difference (a b : R) : R := L a b - RInt f a b.

Let continuous_f' x : continuous f x.
Proof. apply continuity_pt_filterlim, continuous_f. Qed.

Let integrable a b : ex_RInt f a b.
Proof. apply (ex_RInt_continuous (V := R_CompleteNormedModule)). intros. apply continuous_f'. Qed.

Lemma difference_additive a b c :
  a <= b -> b <= c -> difference a b + difference b c = difference a c.
Proof.
  intros Hab Hbc. unfold difference. rewrite <- (additive a b c) by assumption.
  rewrite <- (RInt_Chasles (V := R_CompleteNormedModule) f a b c) by apply integrable.
  unfold plus; cbn. ring.
Qed.

Lemma difference_point a : difference a a = 0.
Proof. pose proof (difference_additive a a a (Rle_refl a) (Rle_refl a)). lra. Qed.

Lemma difference_bound a b m M :
  a <= b -> (forall x, a <= x <= b -> m <= f x <= M) ->
  Rabs (difference a b) <= (M - m) * (b - a).
Proof.
  intros Hab Bd. pose proof (squeezed a b m M Hab Bd).
  assert (Low : m * (b - a) <= RInt f a b).
  { rewrite Rmult_comm. change (scal (b - a) m <= RInt f a b).
    rewrite <- (RInt_const (V := R_CompleteNormedModule)).
    apply RInt_le; [exact Hab|apply ex_RInt_const|apply integrable|]. intros; apply Bd; lra. }
  assert (High : RInt f a b <= M * (b - a)).
  { rewrite Rmult_comm. change (RInt f a b <= scal (b - a) M).
    rewrite <- (RInt_const (V := R_CompleteNormedModule)).
    apply RInt_le; [exact Hab|apply integrable|apply ex_RInt_const|]. intros; apply Bd; lra. }
  unfold difference. apply Rabs_le. lra.
Qed.

(** On intervals shorter than a modulus of continuity, the difference is e-small. *)
Lemma difference_short a b (e : posreal) :
  exists d : posreal, forall x y,
    a <= x -> x <= y -> y <= b -> y - x < d -> Rabs (difference x y) <= e * (y - x).
Proof.
  destruct (unifcont_1d f a b (fun x _ => continuous_f' x) (pos_div_2 e)) as [d Hd].
  exists d. intros x y Hax Hxy Hyb Hd'.
  replace (e * (y - x)) with (((f x + e / 2) - (f x - e / 2)) * (y - x)) by field.
  apply difference_bound; [exact Hxy|]. intros t Ht.
  assert (B : ball (f x) (pos_div_2 e) (f t)).
  { apply NNPP, (Hd x t); [lra|lra|].
    unfold ball; cbn; unfold AbsRing_ball, abs, minus, plus, opp; cbn.
    apply Rabs_def1; pose proof (cond_pos d); lra. }
  unfold ball in B; cbn in B; unfold AbsRing_ball, abs, minus, plus, opp in B; cbn in B.
  apply Rabs_def2 in B. lra.
Qed.

(** Adding up short intervals. *)
Lemma difference_small a b (e : posreal) :
  a <= b -> Rabs (difference a b) <= e * (b - a).
Proof.
  intros Hab. destruct (difference_short a b e) as [d Short].
  destruct (nfloor_ex ((b - a) / d)) as [n [_ Hn]];
    [apply Rdiv_le_0_compat; [lra|apply cond_pos]|].
  set (h := (b - a) / (INR n + 1)).
  assert (Pn : 0 < INR n + 1) by (pose proof (pos_INR n); lra).
  assert (Hb : b = a + (INR n + 1) * h) by (unfold h; field; lra).
  assert (Hh : 0 <= h < d).
  { unfold h. split; [apply Rdiv_le_0_compat; lra|].
    apply (Rmult_lt_reg_r (INR n + 1)); [exact Pn|].
    replace ((b - a) / (INR n + 1) * (INR n + 1)) with (b - a) by (field; lra).
    apply (Rmult_lt_compat_r d) in Hn; [|apply cond_pos].
    replace ((b - a) / d * d) with (b - a) in Hn
      by (field; apply Rgt_not_eq, cond_pos). lra. }
  assert (Step : forall k, INR k <= INR n + 1 ->
            Rabs (difference a (a + INR k * h)) <= e * (INR k * h)).
  { induction k as [|k IH]; intros Hk.
    - cbn. rewrite Rmult_0_l, Rplus_0_r, Rmult_0_r, difference_point, Rabs_R0. lra.
    - rewrite S_INR in *. pose proof (pos_INR k).
      assert (E : a + (INR k + 1) * h <= b).
      { rewrite Hb. apply Rplus_le_compat_l, Rmult_le_compat_r; lra. }
      rewrite <- (difference_additive a (a + INR k * h)) by nra.
      eapply Rle_trans; [apply Rabs_triang|].
      pose proof (IH ltac:(lra)).
      assert (Rabs (difference (a + INR k * h) (a + (INR k + 1) * h)) <=
              e * (a + (INR k + 1) * h - (a + INR k * h))) by (apply Short; nra).
      lra. }
  specialize (Step (S n)). rewrite S_INR, <- Hb in Step. pose proof (Step (Rle_refl _)).
  replace (b - a) with ((INR n + 1) * h) by lra. assumption.
Qed.

Theorem additive_is_riemann a b : a <= b -> L a b = riemann f a b.
Proof.
  intros Hab. enough (Z : difference a b = 0) by (unfold difference in Z; unfold riemann; lra).
  destruct (Req_dec (difference a b) 0) as [Z|N]; [exact Z|exfalso].
  pose proof (Rabs_pos_lt _ N) as P.
  assert (Pe : 0 < Rabs (difference a b) / 2 / (b - a + 1))
    by (repeat apply Rdiv_lt_0_compat; lra).
  pose proof (difference_small a b (mkposreal _ Pe) Hab) as H. cbn in H.
  assert (Rabs (difference a b) / 2 / (b - a + 1) * (b - a) <= Rabs (difference a b) / 2).
  { apply (Rmult_le_reg_r (b - a + 1)); [lra|].
    replace (Rabs (difference a b) / 2 / (b - a + 1) * (b - a) * (b - a + 1))
      with (Rabs (difference a b) / 2 * (b - a)) by (field; lra). nra. }
  lra.
Qed.
End Additive.

(** An integral over the line is the limit of the [riemann] integrals over [-n, n]. *)
Theorem line_integral_exhaust (f : R -> R) (l : R) :
  has line_integral f l ->
  forall eps, 0 < eps ->
  exists N : nat, forall n : nat,
    (N <= n)%nat -> Rabs (riemann f (- INR n) (INR n) - l) < eps.
Proof. exact (is_int_exhaust f l). Qed.
