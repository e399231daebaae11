(** * Independent noise: the joint law of the sampled latent, on rectangles

    If eps_0 .. eps_(n-1) are independent and each is N(0, 1), then the coordinates of the
    emitted sample are independent, and the law of the vector on a rectangle is the product
    of the N(mu_i, exp logvar_i). On every other set: [measure.VectorLaw]. *)
From Vaelid.measure Require Import Prelude AffineChange Law.
From Vaelid.spec Require Gen GenLinks Latent.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Section joint.
Context d (Omega : measurableType d) (P : {measure set Omega -> \bar real_realType}).
Variable n : nat.

(** Mutual independence of n variables: the product rule on measurable rectangles.
    (With A i = setT for some i it says the same of every subfamily, if P setT = 1.) *)
Definition independent (X : nat -> Omega -> borel) : Prop :=
  forall A : nat -> set borel, (forall i, measurable (A i)) ->
  P [set w | forall i, (i < n)%nat -> A i (X i w)] =
    (\big[*%E/1%E]_(i < n) P (X i @^-1` A i))%E.

(** Measurable functions of independent variables are independent. *)
Lemma independent_comp (X : nat -> Omega -> borel) (f : nat -> borel -> borel) :
  (forall i, measurable_fun setT (f i)) ->
  independent X -> independent (fun i w => f i (X i w)).
Proof.
move=> mf indep A mA; apply: (indep (fun i => f i @^-1` A i)) => i.
by rewrite -[X in measurable X]setTI; exact: mf.
Qed.

Variable eps : nat -> Omega -> borel.
Hypothesis eps_law : forall i, (i < n)%nat -> has_law P (eps i) (gaussian_law 0 1).
Hypothesis eps_independent : independent eps.

(** For any scales, of either sign. *)
Theorem joint_reparameterization_law (mu sigma : vec) (A : nat -> set borel) :
  (forall i, measurable (A i)) ->
  P [set w | forall i, (i < n)%nat -> A i (Rplus (mu i) (Rmult (sigma i) (eps i w)))] =
    (\big[*%E/1%E]_(i < n) gaussian_law (mu i) (Gen.variance_of_scale (sigma i)) (A i))%E.
Proof.
move=> mA.
rewrite (independent_comp (fun i => measurable_affine (mu i) (sigma i)) eps_independent mA).
apply: eq_bigr => i _.
exact: (scalar_reparameterization_law (mu i) (sigma i) (eps_law (ltn_ord i))).2.
Qed.

(** The emitted sampler. *)
Theorem emitted_sampler_joint_law (mu logvar : vec) (A : nat -> set borel) :
  (forall i, measurable (A i)) ->
  P [set w | forall i, (i < n)%nat ->
       A i (Gen.reparameterize_diag mu logvar (fun j => eps j w) i)] =
    (\big[*%E/1%E]_(i < n) gaussian_law (mu i) (Rtrigo_def.exp (logvar i)) (A i))%E.
Proof.
move=> mA.
pose sigma i := Rtrigo_def.exp (Rdiv (logvar i) (IZR 2)).
have -> : [set w | forall i, (i < n)%nat ->
             A i (Gen.reparameterize_diag mu logvar (fun j => eps j w) i)] =
          [set w | forall i, (i < n)%nat -> A i (Rplus (mu i) (Rmult (sigma i) (eps i w)))].
  by apply/seteqP; split=> w H i lin; have := H i lin;
    rewrite GenLinks.reparameterize_diag_eq.
rewrite joint_reparameterization_law//; apply: eq_bigr => i _.
by rewrite Latent.variance_of_posterior_scale.
Qed.
End joint.
