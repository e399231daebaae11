(** * Positive linear integrals, as a relation

    An [Integral] on T says "f has the integral l" and is extensional, linear and
    monotone. The improper Riemann integral on the line ([gauss.LineIntegral]) and the
    Lebesgue integral of any measure on any space ([measure.LebesgueIntegral]) are
    instances; what is proved over an [Integral] holds for both. *)
From Coq Require Import Reals Lra.
Open Scope R_scope.

Record Integral (T : Type) := {
  has :> (T -> R) -> R -> Prop;
  has_ext : forall f g l, (forall z, f z = g z) -> has f l -> has g l;
  has_plus : forall f g a b, has f a -> has g b -> has (fun z => f z + g z) (a + b);
  has_scal : forall c f a, has f a -> has (fun z => c * f z) (c * a);
  has_le : forall f g a b, (forall z, f z <= g z) -> has f a -> has g b -> a <= b
}.
Arguments has {T} i f l : rename.
Arguments has_ext {T} i f g l _ _ : rename.
Arguments has_plus {T} i f g a b _ _ : rename.
Arguments has_scal {T} i c f a _ : rename.
Arguments has_le {T} i f g a b _ _ _ : rename.

Section Consequences.
Context {T : Type} (I : Integral T).

(** Linear combinations, up to the form of the integrand and of the value. *)
Lemma has_lin c d f g a b h l :
  has I f a -> has I g b ->
  (forall z, h z = c * f z + d * g z) -> l = c * a + d * b -> has I h l.
Proof.
  intros Hf Hg E ->.
  apply (has_ext I (fun z => c * f z + d * g z)); [intros; symmetry; apply E|].
  apply has_plus; apply has_scal; assumption.
Qed.

Lemma has_eq f g a b : (forall z, f z = g z) -> a = b -> has I f a -> has I g b.
Proof. intros E <-. apply has_ext, E. Qed.

Lemma has_unique f a b : has I f a -> has I f b -> a = b.
Proof.
  intros Ha Hb. apply Rle_antisym.
  - exact (has_le I f f a b (fun _ => Rle_refl _) Ha Hb).
  - exact (has_le I f f b a (fun _ => Rle_refl _) Hb Ha).
Qed.

Lemma has_nonneg f a : (forall z, 0 <= f z) -> has I f a -> 0 <= a.
Proof.
  intros P H. apply (has_le I (fun z => 0 * f z) f); [|apply (has_lin 0 0 f f a a)|exact H].
  - intros z. specialize (P z). lra.
  - exact H.
  - exact H.
  - intros z. ring.
  - ring.
Qed.
End Consequences.
