(** * The improper Riemann integral over the real line

    [is_int f l]: the integral of f from -oo to +oo exists and is l (Coquelicot's
    [is_RInt_gen]). From Coquelicot: the fundamental theorem of calculus at infinity,
    linearity, monotonicity, and exhaustion by the intervals [-n, n]. The last is what
    [measure.LebesgueLine] needs to know that it is the Lebesgue integral. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Integral.
Open Scope R_scope.

Notation is_int f l :=
  (is_RInt_gen (V := R_NormedModule) (f : R -> R)
     (Rbar_locally m_infty) (Rbar_locally p_infty) (l : R)).

(** A property of all pairs of bounds holds near (-oo, +oo). *)
Lemma near_line (P : R * R -> Prop) :
  (forall ab, P ab) -> filter_prod (Rbar_locally m_infty) (Rbar_locally p_infty) P.
Proof.
  intros H. exists (fun _ => True) (fun _ => True); [exists 0; trivial|exists 0; trivial|].
  intros a b _ _. apply H.
Qed.

Lemma is_int_ext (f g : R -> R) (l : R) : (forall x, f x = g x) -> is_int f l -> is_int g l.
Proof.
  intros E. apply (is_RInt_gen_ext (V := R_NormedModule)).
  apply near_line. intros ab x _. apply E.
Qed.

(** Up to the form of the integrand and of the value. *)
Lemma is_int_eq (f g : R -> R) (l m : R) :
  (forall x, f x = g x) -> l = m -> is_int f l -> is_int g m.
Proof. intros E <-. apply is_int_ext, E. Qed.

Lemma is_int_plus (f g : R -> R) (a b : R) :
  is_int f a -> is_int g b -> is_int (fun x => f x + g x) (a + b).
Proof. exact (is_RInt_gen_plus (V := R_NormedModule) f g a b). Qed.

Lemma is_int_scal (c : R) (f : R -> R) (a : R) :
  is_int f a -> is_int (fun x => c * f x) (c * a).
Proof. exact (is_RInt_gen_scal (V := R_NormedModule) f c a). Qed.

Lemma is_int_minus (f g : R -> R) (a b : R) :
  is_int f a -> is_int g b -> is_int (fun x => f x - g x) (a - b).
Proof. exact (is_RInt_gen_minus (V := R_NormedModule) f g a b). Qed.

(** The fundamental theorem of calculus. *)
Lemma is_int_derive (F f : R -> R) (low high : R) :
  (forall x, is_derive F x (f x)) -> (forall x, continuous f x) ->
  is_lim F m_infty low -> is_lim F p_infty high -> is_int f (high - low).
Proof.
  intros D C Low High.
  assert (E : forall x, Derive F x = f x) by (intros; apply is_derive_unique, D).
  apply (is_int_ext (Derive F)); [exact E|].
  apply is_RInt_gen_Derive; [| |exact Low|exact High]; apply near_line; intros ab x _.
  - eexists. apply D.
  - apply (continuous_ext f); [intros; symmetry; apply E|apply C].
Qed.

Lemma is_int_nonneg (f : R -> R) (l : R) : (forall x, 0 <= f x) -> is_int f l -> 0 <= l.
Proof.
  intros P H. apply Rnot_lt_le. intros N.
  assert (Hl : locally l (fun y => y < 0)) by (apply open_lt; exact N).
  destruct (H _ Hl) as [Q1 Q2 [M1 H1] [M2 H2] H3].
  set (a := Rmin (M1 - 1) 0). set (b := Rmax (M2 + 1) 0).
  assert (a < M1) by (unfold a; pose proof (Rmin_l (M1 - 1) 0); lra).
  assert (M2 < b) by (unfold b; pose proof (Rmax_l (M2 + 1) 0); lra).
  assert (a <= b).
  { unfold a, b. pose proof (Rmin_r (M1 - 1) 0). pose proof (Rmax_r (M2 + 1) 0). lra. }
  destruct (H3 a b) as [y [Hy Hn]]; [apply H1; assumption|apply H2; assumption|].
  cbn in Hy. assert (0 <= y); [|lra]. apply (is_RInt_ge_0 f a b); auto.
Qed.

Lemma is_int_le (f g : R -> R) (a b : R) :
  (forall x, f x <= g x) -> is_int f a -> is_int g b -> a <= b.
Proof.
  intros L Hf Hg. assert (0 <= b - a); [|lra].
  apply (is_int_nonneg (fun x => g x - f x)); [|apply is_int_minus; assumption].
  intros x. specialize (L x). lra.
Qed.

Definition line_integral : Integral R :=
  Build_Integral R (fun f l => is_int f l) is_int_ext is_int_plus is_int_scal is_int_le.

(** The intervals [-n, n] exhaust the line. *)
Theorem is_int_exhaust (f : R -> R) (l : R) :
  is_int f l ->
  forall eps, 0 < eps ->
  exists N : nat, forall n : nat, (N <= n)%nat -> Rabs (RInt f (- INR n) (INR n) - l) < eps.
Proof.
  intros H eps He.
  assert (Hl : locally l (fun y => Rabs (y - l) < eps)).
  { exists (mkposreal eps He). intros y Hy. exact Hy. }
  destruct (H _ Hl) as [Q1 Q2 [M1 H1] [M2 H2] H3].
  destruct (nfloor_ex (Rmax 0 (Rmax (- M1) M2))) as [N [_ HN]]; [apply Rmax_l|].
  exists (S N). intros n Hn. apply le_INR in Hn. rewrite S_INR in Hn.
  pose proof (Rmax_r 0 (Rmax (- M1) M2)).
  pose proof (Rmax_l (- M1) M2). pose proof (Rmax_r (- M1) M2).
  destruct (H3 (- INR n) (INR n)) as [y [Hy HR]]; [apply H1; lra|apply H2; lra|].
  cbn in Hy, HR. rewrite (is_RInt_unique _ _ _ _ Hy). exact HR.
Qed.
