(** * Moments of the posterior over R^L, as Lebesgue integrals

    The mean of an affine function of z and of its square:
    E[a + w.z] = a + w.mu, E[(a + w.z)^2] = (a + w.mu)^2 + sum_l w_l^2 exp(logvar_l).
    From the moments of one coordinate, by Fubini, one coordinate at a time. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Product GaussianNd.
From Vaelid.base Require FiniteSums Integral Elementary.
From Vaelid.gauss Require LineIntegral Normal.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** ** One coordinate *)

Section line.
Variables mu s : R.
Hypothesis s_pos : Rlt 0 s.
Let q : R -> R := Normal.normal_pdf mu s.
Let I := lebesgue_integral_of leb.

Lemma has_int_shifted_square a :
  has_int leb (fun y => Rmult (q y) (pow (Rplus y a) 2))
    (Rplus (pow (Rplus mu a) 2) (pow s 2)).
Proof.
have sn : s <> 0%R by exact: Rgt_not_eq.
apply: lebesgue_of_riemann.
- move=> y; apply/RleP; apply: Rmult_le_pos; last exact: pow2_ge_0.
  by left; apply: Normal.normal_pdf_pos.
- move=> y; apply: continuity_pt_mult; first exact: Normal.continuity_normal_pdf.
  by apply: derivable_continuous_pt; reg.
- apply: (LineIntegral.is_int_eq _ _ _ _ _ _
    (Normal.normal_moments mu s (pow (Rplus mu a) 2) (2 * s * (mu + a))%R (pow s 2) s_pos)).
  + by move=> y; rewrite /q; field.
  + by [].
Qed.

Lemma has_int_mean : has_int leb (fun y => Rmult (q y) y) mu.
Proof.
have H1 := has_int_shifted_square (IZR 1).
have H0 := has_int_shifted_square (IZR 0).
have Hq : has_int leb q (IZR 1) := has_int_normal mu s_pos.
have D := @Integral.has_lin _ I (/ 2)%R (- (/ 2))%R _ _ _ _
            (fun y => Rplus (Rmult (q y) y) (Rmult (/ 2) (q y)))%R (mu + / 2)%R H1 H0.
have {}D : has_int leb (fun y => Rplus (Rmult (q y) y) (Rmult (/ 2) (q y)))%R (mu + / 2)%R.
  by apply: D => [y|]; field.
apply: (@Integral.has_lin _ I 1%R (- (/ 2))%R _ _ _ _ _ _ D Hq) => [y|]; last by field.
by rewrite /q; field.
Qed.

Lemma has_int_square : has_int leb (fun y => Rmult (q y) (pow y 2)) (Rplus (pow mu 2) (pow s 2)).
Proof.
apply: (@Integral.has_eq _ I _ _ _ _ _ _ (has_int_shifted_square (IZR 0))) => [y|].
  by rewrite Rplus_0_r.
by rewrite Rplus_0_r.
Qed.
End line.

(** ** R^n *)

Lemma has_int_pair n (f : Rn n -> RR) (g : borel -> RR) (a b : RR) :
  has_int (leb_n n) f a -> has_int leb g b ->
  has_int (leb_n n.+1) (fun z : Rn n.+1 => Rmult (f z.1) (g z.2)) (Rmult a b).
Proof. exact: (@has_int_product (Rn_space n) line_space). Qed.

(** w.u over the first n coordinates. *)
Definition dot (n : nat) (w u : vec) : R := FiniteSums.fsum (fun l => Rmult (w l) (u l)) n.

Lemma dot_coord_succ n w (z : Rn n.+1) :
  dot n.+1 w (coord z) = Rplus (dot n w (coord z.1)) (Rmult (w n) z.2).
Proof.
case: z => z x; rewrite /dot /= eqxx; congr Rplus.
by apply: FiniteSums.fsum_ext => l /ssrnat.ltP lin; rewrite (ltn_eqF lin).
Qed.

Section posterior.
Variables mu logvar : vec.
Local Notation q n := (@posterior mu logvar n).
Local Notation pdf n := (Normal.normal_pdf (mu n) (sd (logvar n))).
Let I n := lebesgue_integral_of (leb_n n).

Let pdf_one n : has_int leb (pdf n) (IZR 1) := has_int_normal (mu n) (sd_pos (logvar n)).
Let q_one n : has_int (leb_n n) (q n) (IZR 1) := has_int_posterior mu logvar n.

Theorem has_int_dot n a w :
  has_int (leb_n n) (fun z => Rmult (q n z) (Rplus a (dot n w (coord z))))
    (Rplus a (dot n w mu)).
Proof.
elim: n a => [|n IH] a.
  apply: (@Integral.has_lin _ (I 0) a (IZR 0) _ _ _ _ _ _ (q_one 0) (q_one 0)).
  - by move=> z; rewrite /dot /=; ring.
  - by rewrite /dot /=; ring.
have H1 := has_int_pair (IH a) (pdf_one n).
have H2 := has_int_pair (q_one n) (has_int_mean (mu n) (sd_pos (logvar n))).
apply: (@Integral.has_lin _ (I n.+1) (IZR 1) (w n) _ _ _ _ _ _ H1 H2).
- move=> z; rewrite dot_coord_succ -[q n.+1 z]/(Rmult (q n z.1) (pdf n z.2)); ring.
- by rewrite /dot /=; ring.
Qed.

Theorem has_int_dot_square n a w :
  has_int (leb_n n) (fun z => Rmult (q n z) (pow (Rplus a (dot n w (coord z))) 2))
    (Rplus (pow (Rplus a (dot n w mu)) 2)
           (FiniteSums.fsum (fun l => Rmult (pow (w l) 2) (Rtrigo_def.exp (logvar l))) n)).
Proof.
elim: n a => [|n IH] a.
  apply: (@Integral.has_lin _ (I 0) (pow a 2) (IZR 0) _ _ _ _ _ _ (q_one 0) (q_one 0)).
  - by move=> z; rewrite /dot /=; ring.
  - by rewrite /dot /=; ring.
have H1 := has_int_pair (IH a) (pdf_one n).
have H2 := has_int_pair (has_int_dot n a w) (has_int_mean (mu n) (sd_pos (logvar n))).
have H3 := has_int_pair (q_one n) (has_int_square (mu n) (sd_pos (logvar n))).
have H23 := @Integral.has_lin _ (I n.+1) (2 * w n)%R (pow (w n) 2) _ _ _ _ _ _ H2 H3
              (fun=> erefl) erefl.
apply: (@Integral.has_lin _ (I n.+1) (IZR 1) (IZR 1) _ _ _ _ _ _ H1 H23).
- move=> z; rewrite dot_coord_succ -[q n.+1 z]/(Rmult (q n z.1) (pdf n z.2)); ring.
- rewrite /= -Elementary.exp_half_pow -/(sd (logvar n)) /dot /=; ring.
Qed.
End posterior.
