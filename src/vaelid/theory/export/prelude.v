(** Theorems of vaelid's kernel, stated as the kernel states them and proved again by Rocq: no
    solver is believed here. To check this file: [coqc FILE.v], with Coq 8.16 and no library but
    its own. The last lines print what everything rests on: the axioms of Coq's real numbers.

    Lengths and indices are natural numbers, an array is a function of its indices, and a
    quotient by 0 is 0; a theorem asks for positive lengths where that would matter. *)
From Coq Require Import Reals Lra Lia.
Open Scope R_scope.

(** ** Finite sums: of f i over 0 <= i < n *)
Fixpoint fsum (f : nat -> R) (n : nat) : R :=
  match n with O => 0 | S k => fsum f k + f k end.

Lemma fsum_ext f g n : (forall i, f i = g i) -> fsum f n = fsum g n.
Proof. intros E. induction n as [|n IH]; cbn; [reflexivity|]. rewrite IH, E. reflexivity. Qed.

Lemma fsum_nil n : fsum (fun _ => 0) n = 0.
Proof. induction n as [|n IH]; cbn; [reflexivity|]. rewrite IH. ring. Qed.

Lemma fsum_cons c f g n s :
  fsum g n = s -> fsum (fun i => c * f i + g i) n = c * fsum f n + s.
Proof.
  intros <-. induction n as [|n IH]; cbn; [ring|]. rewrite IH. ring.
Qed.

Lemma fsum_cons_one c g n s :
  fsum g n = s -> fsum (fun i => c * 1 + g i) n = c * INR n + s.
Proof.
  intros <-. induction n as [|n IH]; [cbn; ring|]. rewrite S_INR. cbn. rewrite IH. ring.
Qed.

Lemma fsum_positive f n : (0 < n)%nat -> (forall i, 0 < f i) -> 0 < fsum f n.
Proof.
  intros N P. destruct n as [|n]; [lia|]. clear N.
  induction n as [|n IH]; cbn in *; [pose proof (P O)|pose proof (P (S n))]; lra.
Qed.

(** ** Exponentials, logarithms and absolute values *)
Lemma exp_up x r p : exp r = p -> exp (x + r) = exp x * p.
Proof. intros <-. apply exp_plus. Qed.

Lemma exp_down x r p : exp r = p -> exp (- x + r) = / exp x * p.
Proof. intros <-. rewrite exp_plus, exp_Ropp. reflexivity. Qed.

Lemma exp_ln_up x r p : 0 < x -> exp r = p -> exp (ln x + r) = x * p.
Proof. intros P <-. rewrite exp_plus, exp_ln by exact P. reflexivity. Qed.

Lemma exp_ln_down x r p : 0 < x -> exp r = p -> exp (- ln x + r) = / x * p.
Proof. intros P <-. rewrite exp_plus, exp_Ropp, exp_ln by exact P. reflexivity. Qed.

Lemma ln_is x y : exp y = x -> ln x = y.
Proof. intros <-. apply ln_exp. Qed.

Lemma abs_positive x r p : 0 < x -> Rabs r = p -> Rabs (x * r) = x * p.
Proof. intros P <-. rewrite Rabs_mult, (Rabs_pos_eq x) by lra. reflexivity. Qed.

Lemma abs_negative x r p : x < 0 -> Rabs r = p -> Rabs (x * r) = - x * p.
Proof. intros N <-. rewrite Rabs_mult, (Rabs_left x) by exact N. reflexivity. Qed.

Lemma abs_any x r p : Rabs r = p -> Rabs (x * r) = Rabs x * p.
Proof. intros <-. apply Rabs_mult. Qed.

Lemma nonzero_of_positive x : 0 < x -> x <> 0.
Proof. lra. Qed.

(** ** Tactics *)
Ltac hypotheses := repeat match goal with H : _ /\ _ |- _ => destruct H end.
Ltac length n := try assert (0 < INR n) by (apply lt_0_INR; lia).
Ltac positive :=
  first
    [ assumption
    | apply exp_pos
    | apply PI_RGT_0
    | lra
    | apply fsum_positive; [lia | intros; positive]
    | apply Rmult_lt_0_compat; positive
    | apply Rinv_0_lt_compat; positive
    | apply Rdiv_lt_0_compat; positive
    | apply pow_lt; positive
    | apply Rplus_lt_0_compat; positive
    | apply Rplus_lt_le_0_compat; [positive | apply pow2_ge_0]
    | apply Rplus_le_lt_0_compat; [apply pow2_ge_0 | positive] ].
Ltac by_field :=
  first [ reflexivity | ring | field; repeat split; apply nonzero_of_positive; positive ].
Ltac by_linearity := repeat first [apply fsum_cons_one | apply fsum_cons]; apply fsum_nil.
Ltac by_exp :=
  eapply eq_trans;
  [ repeat first [ apply exp_ln_up; [positive|] | apply exp_ln_down; [positive|]
                 | apply exp_down | apply exp_up ]; apply exp_0
  | by_field ].
Ltac by_abs :=
  eapply eq_trans;
  [ repeat first [ apply abs_positive; [positive|] | apply abs_negative; [lra|] | apply abs_any ];
    apply Rabs_R1
  | by_field ].
