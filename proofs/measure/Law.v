(** * The law of the reparameterised sample, one coordinate

    [has_law P X nu]: X is measurable and P(X in A) = nu(A) for every Borel set A (measurable,
    where Mathlib's HasLaw asks for measurable almost everywhere). If eps has the law
    N(0, 1), then mu + sigma eps has the law N(mu, sigma^2), for every real sigma; so has
    every coordinate of the emitted sampler, with sigma^2 = exp logvar. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral AffineChange LebesgueLine.
From Vaelid.spec Require Gen GenLinks Latent.
From Vaelid.gauss Require Normal.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** N(mu, v), by its variance as in Mathlib: a Dirac mass when v = 0, else a density. *)
Definition gaussian_law (mu v : RR) (A : set borel) : \bar RR :=
  if v == 0 then \d_ (mu : borel) A
  else (\int[leb]_(x in A) (Normal.normal_pdf mu (R_sqrt.sqrt v) x : RR)%:E)%E.

Lemma gaussian_law_pos mu s A :
  Rlt 0 s ->
  gaussian_law mu (s * s) A = (\int[leb]_(x in A) (Normal.normal_pdf mu s x : RR)%:E)%E.
Proof.
move=> s0; rewrite /gaussian_law mulf_eq0 orbb ifF; last by apply/eqP; exact: Rgt_not_eq.
by rewrite R_sqrt.sqrt_square//; left.
Qed.

Lemma gaussian_law_standard A :
  gaussian_law 0 1 A = (\int[leb]_(x in A) (Normal.normal_pdf (IZR 0) (IZR 1) x : RR)%:E)%E.
Proof. by rewrite -(gaussian_law_pos 0 A Rlt_0_1) mulr1. Qed.

Lemma gaussian_law_standard_total : gaussian_law 0 1 setT = 1%E.
Proof. rewrite gaussian_law_standard; exact: (has_int_normal 0 Rlt_0_1).2. Qed.

Lemma gaussian_law_affine (m s : RR) (A : set borel) :
  s != 0 -> measurable A ->
  gaussian_law 0 1 (affine m s @^-1` A) = gaussian_law m (s * s) A.
Proof.
move=> s0 mA; rewrite gaussian_law_standard /gaussian_law mulf_eq0 orbb (negbTE s0).
have ss : Rlt 0 (R_sqrt.sqrt (s * s)).
  have s2 : 0 < s * s by rewrite lt_neqAle eq_sym mulf_neq0//= -expr2 sqr_ge0.
  by apply: R_sqrt.sqrt_lt_R0; exact/RltP.
rewrite (@affine_change m s A (fun x => (Normal.normal_pdf m (R_sqrt.sqrt (s * s)) x)%:E) s0 mA).
- apply: eq_integral => x _; rewrite -EFinM /affine; congr (_%:E); apply/esym.
  exact: (Normal.normal_pdf_affine m s x (elimN eqP s0)).
- by apply: measurable_EFin; exact: measurable_normal_pdf.
- by move=> x; rewrite lee_fin; exact: normal_pdf_nonneg.
Qed.

Section law.
Context d (Omega : measurableType d) (P : {measure set Omega -> \bar real_realType}).

Definition has_law (X : Omega -> borel) (nu : set borel -> \bar RR) : Prop :=
  measurable_fun setT X /\ forall A, measurable A -> P (X @^-1` A) = nu A.

(** sigma of either sign; sigma = 0 gives the Dirac mass at mu. *)
Theorem scalar_reparameterization_law (eps : Omega -> borel) (mu sigma : RR) :
  has_law eps (gaussian_law 0 1) ->
  has_law (fun w => Rplus mu (Rmult sigma (eps w)))
          (gaussian_law mu (Gen.variance_of_scale sigma)).
Proof.
have -> : Gen.variance_of_scale sigma = sigma * sigma.
  rewrite GenLinks.variance_of_scale_eq -[RHS]/(Rmult sigma sigma); ring.
move=> [me le]; split; first exact: (measurable_fun_comp (measurable_affine mu sigma) me).
have P1 : P setT = 1%E.
  by rewrite -gaussian_law_standard_total -(le setT measurableT) preimage_setT.
move=> A mA; have mT := measurable_affine_preimage mu sigma mA.
have [s0|s0] := eqVneq sigma 0; last by rewrite -gaussian_law_affine// -le.
rewrite /gaussian_law s0 mulr0 eqxx diracE.
rewrite (_ : _ @^-1` A = if mu \in A then setT else set0); last first.
  have E (w : Omega) : Rplus mu (Rmult 0 (eps w)) = mu.
    by rewrite -[LHS]/(mu + 0 * (eps w : RR)) mul0r addr0.
  by apply/seteqP; split=> w /=; rewrite E; case: ifPn; rewrite ?inE// notin_set.
by case: ifP => _; rewrite ?measure0.
Qed.

(** Each coordinate of a vector; nothing is said about independence. *)
Theorem diagonal_reparameterization_coordinate_law
    (n : nat) (eps : nat -> Omega -> borel) (mu sigma : vec) :
  (forall i, (i < n)%nat -> has_law (eps i) (gaussian_law 0 1)) ->
  forall i, (i < n)%nat ->
    has_law (fun w => Rplus (mu i) (Rmult (sigma i) (eps i w)))
            (gaussian_law (mu i) (Gen.variance_of_scale (sigma i))).
Proof. by move=> h i /h; exact: scalar_reparameterization_law. Qed.

(** The emitted sampler. *)
Theorem emitted_sampler_law (n : nat) (eps : nat -> Omega -> borel) (mu logvar : vec) :
  (forall i, (i < n)%nat -> has_law (eps i) (gaussian_law 0 1)) ->
  forall i, (i < n)%nat ->
    has_law (fun w => Gen.reparameterize_diag mu logvar (fun j => eps j w) i)
            (gaussian_law (mu i) (Rtrigo_def.exp (logvar i))).
Proof.
move=> h i /h/(scalar_reparameterization_law (mu i) (Rtrigo_def.exp (Rdiv (logvar i) (IZR 2)))).
rewrite Latent.variance_of_posterior_scale.
have -> : (fun w => Gen.reparameterize_diag mu logvar (fun j => eps j w) i) =
  fun w => Rplus (mu i) (Rmult (Rtrigo_def.exp (Rdiv (logvar i) (IZR 2))) (eps i w)).
  by apply/funext => w; exact: GenLinks.reparameterize_diag_eq.
by [].
Qed.
End law.
