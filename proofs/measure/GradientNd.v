(** * The reparameterised gradient is unbiased, in n dimensions

    f is a function of the latent vector whose partial derivative in coordinate i exists and
    is Lipschitz in that coordinate. With the emitted sampler z = reparameterize_diag(mu,
    logvar, eps), eps ~ N(0, I): the derivative of E f(z) in mu_i is E [d_i f(z)], and in
    logvar_i it is E [d_i f(z) exp(logvar_i/2)/2 eps_i]. From [Gradient.derive_integral] over
    Lebesgue measure on R^L. That the expectations exist is a hypothesis;
    the end of the file shows all of them to hold for the square of an affine function. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Product.
From Vaelid.measure Require Import GaussianNd ChangeOfVariables Expectation Moments Existence.
From Vaelid.base Require FiniteSums Integral Elementary.
From Vaelid.spec Require Gen GenLinks.
From Vaelid.variational Require Gradient.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** The vector with entry i replaced. *)
Definition put (v : vec) (i : nat) (t : RR) : vec := fun j => if j == i then t else v j.

Lemma put_same v i : put v i (v i) = v.
Proof. by apply/funext => j; rewrite /put; case: eqP => [->|]. Qed.

Lemma put_eq v i t : put v i t i = t.
Proof. by rewrite /put eqxx. Qed.

Section gradient.
Variables (L i : nat) (mu logvar : vec).
Hypothesis i_lt_L : (i < L)%nat.
Variables (f df : vec -> R) (C : R).
Hypothesis derive_f : forall v s,
  derivable_pt_lim (fun t => f (put v i t)) s (df (put v i s)).
Hypothesis lipschitz_df : forall v s t,
  Rle (Rabs (Rminus (df (put v i s)) (df (put v i t)))) (Rmult C (Rabs (Rminus s t))).

Let I := lebesgue_integral_of (leb_n L).
Let sample (m v : vec) (e : Rn L) : vec := Gen.reparameterize_diag m v (coord e).

(** Moving one parameter moves one entry of the sample. *)
Lemma sample_put_mu m e :
  sample (put mu i m) logvar e =
    put (sample mu logvar e) i (Rplus m (Rmult (sd (logvar i)) (coord e i))).
Proof.
apply/funext => j; rewrite /sample /put GenLinks.reparameterize_diag_eq.
by case: eqP => [->|_]; rewrite ?GenLinks.reparameterize_diag_eq.
Qed.

Lemma sample_put_logvar v e :
  sample mu (put logvar i v) e =
    put (sample mu logvar e) i (Rplus (mu i) (Rmult (sd v) (coord e i))).
Proof.
apply/funext => j; rewrite /sample /put GenLinks.reparameterize_diag_eq.
by case: eqP => [->|_]; rewrite ?GenLinks.reparameterize_diag_eq.
Qed.

Let prior_nonneg (e : Rn L) : Rle 0 (prior e).
Proof. by left; exact: prior_pos. Qed.

(** E eps_i^2 = 1. *)
Lemma has_int_noise_square : has_int (leb_n L) (fun e => Rmult (pow (coord e i) 2) (prior e)) 1%R.
Proof.
pose w (j : nat) : R := if j == i then 1%R else 0%R.
have H := has_int_dot_square (fun=> 0%R) (fun=> 0%R) L 0%R w.
apply: (@Integral.has_eq _ I _ _ _ _ _ _ H).
  by move=> e; rewrite dot_unit// -posterior_standard Rplus_0_l Rmult_comm.
rewrite dot_unit// exp_0 (FiniteSums.fsum_ext _ (fun j => Rmult (w j) 1)).
  by rewrite -/(dot L w (fun=> 1%R)) dot_unit//; ring.
by move=> j _; rewrite /w; case: (j == i); ring.
Qed.

(** *** In the mean *)

Theorem gradient_mu_unbiased_nd (F : R -> R) (dF : R) :
  (forall m, has_int (leb_n L) (fun e => Rmult (prior e) (f (sample (put mu i m) logvar e)))
               (F m)) ->
  has_int (leb_n L) (fun e => Rmult (prior e) (df (sample mu logvar e))) dF ->
  derivable_pt_lim F (mu i) dF.
Proof.
move=> IF IdF.
pose a (e : Rn L) := Rmult (sd (logvar i)) (coord e i).
pose fe e t := f (put (sample mu logvar e) i t).
pose dfe e t := df (put (sample mu logvar e) i t).
apply: (@Gradient.derive_integral _ I
  (fun e s => fe e (Rplus (a e) (Rmult s 1)))
  (fun e s => Rmult 1 (dfe e (Rplus (a e) (Rmult s 1))))
  (fun=> Rmult C (pow 1 2)) (@prior L) F (mu i) dF C 1 Rlt_0_1).
- by move=> e s; apply: Gradient.derive_along => t; exact: derive_f.
- by move=> e r s; apply: Gradient.lipschitz_along => t t'; exact: lipschitz_df.
- exact: prior_nonneg.
- move=> s _; apply: has_int_ext (IF s) => e.
  by rewrite sample_put_mu Rmult_comm Rmult_1_r Rplus_comm.
- apply: has_int_ext IdF => e.
  rewrite /dfe -[X in df X](put_same _ i) -/(sample mu logvar e).
  rewrite [sample mu logvar e i]GenLinks.reparameterize_diag_eq -/(sd (logvar i)).
  by rewrite Rmult_1_l Rmult_1_r Rplus_comm Rmult_comm.
- apply: (@Integral.has_lin _ I C 0%R _ _ _ _ _ _ (has_int_prior L) (has_int_prior L)).
    by move=> e; ring.
  by rewrite -[1]/(IZR 1); ring.
Qed.

(** *** In the log-variance *)

Theorem gradient_logvar_unbiased_nd (F : R -> R) (dF : R) :
  (forall v, has_int (leb_n L) (fun e => Rmult (prior e) (f (sample mu (put logvar i v) e)))
               (F v)) ->
  has_int (leb_n L)
    (fun e => Rmult (prior e)
       (Rmult (df (sample mu logvar e)) (Rmult (Rdiv (sd (logvar i)) 2) (coord e i)))) dF ->
  derivable_pt_lim F (logvar i) dF.
Proof.
move=> IF IdF; apply: Gradient.derive_in_logvar; rewrite -/(sd (logvar i)).
have s0 := sd_pos (logvar i); set sigma := sd (logvar i) in s0 IdF *.
pose fe e t := f (put (sample mu logvar e) i t).
pose dfe e t := df (put (sample mu logvar e) i t).
apply: (@Gradient.derive_integral _ I
  (fun e s => fe e (Rplus (mu i) (Rmult s (coord e i))))
  (fun e s => Rmult (coord e i) (dfe e (Rplus (mu i) (Rmult s (coord e i)))))
  (fun e => Rmult C (pow (coord e i) 2)) (@prior L) _ sigma _ C sigma s0).
- by move=> e s; apply: Gradient.derive_along => t; exact: derive_f.
- by move=> e r s; apply: Gradient.lipschitz_along => t t'; exact: lipschitz_df.
- exact: prior_nonneg.
- move=> s /Rabs_def2[_ sl]; have s1 : Rlt 0 s by Psatz.lra.
  apply: has_int_ext (IF (Rmult 2 (ln s))) => e.
  rewrite sample_put_logvar /sd (_ : Rdiv (Rmult 2 (ln s)) 2 = ln s); last by field.
  by rewrite exp_ln// Rmult_comm.
- apply: (@Integral.has_lin _ I (Rdiv 2 sigma) 0%R _ _ _ _ _ _ IdF IdF); last by ring.
  move=> e; rewrite /dfe.
  have -> : Rplus (mu i) (Rmult sigma (coord e i)) = sample mu logvar e i.
    by rewrite [RHS]GenLinks.reparameterize_diag_eq.
  by rewrite put_same; field; exact: Rgt_not_eq.
- apply: (@Integral.has_lin _ I C 0%R _ _ _ _ _ _ has_int_noise_square has_int_noise_square).
    by move=> e; ring.
  by ring.
Qed.
End gradient.

(** ** The hypotheses hold together: f z = (a + w.z)^2 *)

Section square.
Variables (L i : nat) (a : R) (w mu logvar : vec).
Hypothesis i_lt_L : (i < L)%nat.
Let f (z : vec) : R := pow (Rplus a (dot L w z)) 2.
Let df (z : vec) : R := Rmult (Rmult 2 (w i)) (Rplus a (dot L w z)).
Let sample (m v : vec) (e : Rn L) : vec := Gen.reparameterize_diag m v (coord e).
Let I := lebesgue_integral_of (leb_n L).

Lemma dot_put v t : dot L w (put v i t) = Rplus (dot L w (put v i 0)) (Rmult (w i) t).
Proof.
rewrite (Rmult_comm (w i)) -[w i](@dot_unit L i w i_lt_L) /dot -FiniteSums.fsum_scal.
rewrite -FiniteSums.fsum_plus; apply: FiniteSums.fsum_ext => l _.
by rewrite /put; case: (l == i); rewrite ?Rmult_0_r; ring.
Qed.

Lemma derive_square v s : derivable_pt_lim (fun t => f (put v i t)) s (df (put v i s)).
Proof.
rewrite (_ : (fun t => f (put v i t)) =
  fun t => pow (Rplus (Rplus a (dot L w (put v i 0))) (Rmult (w i) t)) 2); last first.
  by apply/funext => t; rewrite /f dot_put Rplus_assoc.
rewrite /df (dot_put v s) -Rplus_assoc; exact: Gradient.derive_square_affine.
Qed.

Lemma lipschitz_square v s t :
  Rle (Rabs (Rminus (df (put v i s)) (df (put v i t))))
      (Rmult (Rmult 2 (pow (w i) 2)) (Rabs (Rminus s t))).
Proof.
rewrite /df (dot_put v s) (dot_put v t) -!Rplus_assoc.
exact: Gradient.lipschitz_square_affine.
Qed.

(** Affine functions and their squares, of the sample. *)
Lemma reads_only_affine (k : nat) (c : R) (u : vec) :
  reads_only L (fun z => pow (Rplus c (dot L u z)) k : RR).
Proof.
move=> y z E; congr (pow (Rplus c _) k).
by apply: FiniteSums.fsum_ext => l /ssrnat.ltP lin; rewrite (E l lin).
Qed.

Lemma measurable_affine_pow (k : nat) (c : R) (u : vec) :
  measurable_fun setT (fun z : Rn L => pow (Rplus c (dot L u (coord z))) k : RR).
Proof.
elim: k => [|k IH]; first exact: measurable_fun_cst.
apply: measurable_funM => //; apply: measurable_funD; first exact: measurable_fun_cst.
apply: measurable_fsum => l _.
by apply: measurable_funM; [exact: measurable_fun_cst|exact: measurable_coord].
Qed.

Lemma has_int_sample (m v : vec) (k : nat) (c : R) (u : vec) (l : R) :
  has_int (leb_n L) (fun z => Rmult (posterior m v z) (pow (Rplus c (dot L u (coord z))) k)) l ->
  has_int (leb_n L) (fun e => Rmult (prior e) (pow (Rplus c (dot L u (sample m v e))) k)) l.
Proof.
move=> H.
have T := sample_latent_expectation (fun=> m) (fun=> v) idfun (fun=> 0%R) l
            (@reads_only_affine k c u) (@measurable_affine_pow k c u).
apply: has_int_ext (T.1 H) => e.
by rewrite GenLinks.sample_latent_eq_reparameterize.
Qed.

Lemma has_int_sample_square (m v : vec) (c : R) (u : vec) :
  has_int (leb_n L) (fun e => Rmult (prior e) (pow (Rplus c (dot L u (sample m v e))) 2))
    (Rplus (pow (Rplus c (dot L u m)) 2)
       (FiniteSums.fsum (fun l => Rmult (pow (u l) 2) (Rtrigo_def.exp (v l))) L)).
Proof. by apply: has_int_sample; exact: has_int_dot_square. Qed.

Lemma has_int_sample_affine (m v : vec) (c : R) (u : vec) :
  has_int (leb_n L) (fun e => Rmult (prior e) (Rplus c (dot L u (sample m v e))))
    (Rplus c (dot L u m)).
Proof.
have H : has_int (leb_n L) (fun z => Rmult (posterior m v z)
           (pow (Rplus c (dot L u (coord z))) 1)) (Rplus c (dot L u m)).
  by apply: has_int_ext (has_int_dot m v L c u) => z; rewrite pow_1.
by apply: has_int_ext (has_int_sample H) => e; rewrite pow_1.
Qed.

Theorem gradient_mu_of_square :
  derivable_pt_lim
    (fun m => Rplus (pow (Rplus a (dot L w (put mu i m))) 2)
                (FiniteSums.fsum (fun l => Rmult (pow (w l) 2) (Rtrigo_def.exp (logvar l))) L))
    (mu i) (Rmult (Rmult 2 (w i)) (Rplus a (dot L w mu))).
Proof.
apply: (@gradient_mu_unbiased_nd L i mu logvar f df _ derive_square lipschitz_square).
  by move=> m; exact: has_int_sample_square.
apply: (@Integral.has_lin _ I (Rmult 2 (w i)) 0%R _ _ _ _ _ _
          (has_int_sample_affine mu logvar a w) (has_int_sample_affine mu logvar a w)).
  by move=> e; rewrite /df /sample; ring.
by ring.
Qed.

(** The cross moment E [(a + w.z) (z_i - mu_i)] = w_i exp logvar_i, by polarisation. *)
Lemma has_int_cross :
  has_int (leb_n L)
    (fun e => Rmult (prior e)
       (Rmult (Rplus a (dot L w (sample mu logvar e)))
              (Rminus (sample mu logvar e i) (mu i))))
    (Rmult (w i) (Rtrigo_def.exp (logvar i))).
Proof.
pose unit (j : nat) : R := if j == i then 1%R else 0%R.
pose both j := Rplus (w j) (unit j).
have Hb := has_int_sample_square mu logvar (Rplus a (Ropp (mu i))) both.
have Hw := has_int_sample_square mu logvar a w.
have Hu := has_int_sample_square mu logvar (Ropp (mu i)) unit.
have dot_both z : dot L both z = Rplus (dot L w z) (z i).
  rewrite -[X in Rplus _ X](@dot_unit L i z i_lt_L) /dot -FiniteSums.fsum_plus.
  by apply: FiniteSums.fsum_ext => l _; rewrite /both /unit; ring.
have dot_one z : dot L unit z = z i by exact: dot_unit.
have Hbw := @Integral.has_lin _ I (/ 2)%R (- / 2)%R _ _ _ _ _ _ Hb Hw (fun=> erefl) erefl.
apply: (@Integral.has_lin _ I 1%R (- / 2)%R _ _ _ _ _ _ Hbw Hu).
  by move=> e; rewrite dot_both dot_one; field.
rewrite dot_both dot_one.
have -> : FiniteSums.fsum (fun l => Rmult (pow (both l) 2) (Rtrigo_def.exp (logvar l))) L =
  Rplus (Rplus
    (FiniteSums.fsum (fun l => Rmult (pow (w l) 2) (Rtrigo_def.exp (logvar l))) L)
    (FiniteSums.fsum (fun l => Rmult (pow (unit l) 2) (Rtrigo_def.exp (logvar l))) L))
    (Rmult 2 (Rmult (w i) (Rtrigo_def.exp (logvar i)))).
  rewrite -[Rmult (w i) _](@dot_unit L i (fun l => Rmult (w l) (Rtrigo_def.exp (logvar l))))//.
  rewrite /dot -FiniteSums.fsum_scal -!FiniteSums.fsum_plus.
  by apply: FiniteSums.fsum_ext => l _; rewrite /both /unit; case: (l == i); ring.
by field.
Qed.

Theorem gradient_logvar_of_square :
  derivable_pt_lim
    (fun v => Rplus (pow (Rplus a (dot L w mu)) 2)
                (FiniteSums.fsum (fun l =>
                   Rmult (pow (w l) 2) (Rtrigo_def.exp (put logvar i v l))) L))
    (logvar i) (Rmult (pow (w i) 2) (Rtrigo_def.exp (logvar i))).
Proof.
apply: (@gradient_logvar_unbiased_nd L i mu logvar i_lt_L f df _ derive_square lipschitz_square).
  by move=> v; exact: has_int_sample_square.
apply: (@Integral.has_lin _ I (w i) 0%R _ _ _ _ _ _ has_int_cross has_int_cross).
  move=> e; rewrite /df /sample GenLinks.reparameterize_diag_eq -/(sd (logvar i)).
  by field.
by ring.
Qed.
End square.
