(** * The reparameterised gradient is unbiased

    The derivative of an expectation is the expectation of the derivative: not assumed, but
    proved for integrands whose derivative is Lipschitz, by a uniform Taylor bound, over any
    positive linear integral ([derive_integral]). From it, on one latent coordinate and with
    the *emitted* sampler z = reparameterize_diag(mu, logvar, eps), eps ~ N(0, 1):
    d/dmu E f(z) = E f'(z), and d/dlogvar E f(z) = E [f'(z) dz/dlogvar].
    That the two expectations exist is a hypothesis. n dimensions: [measure.GradientNd]. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import FiniteSums Elementary Integral.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
From Vaelid.gauss Require Import LineIntegral Normal.
Open Scope R_scope.

(** ** Taylor's bound for a function whose derivative is C-Lipschitz *)

Lemma taylor_bound (f df : R -> R) (C x h : R) :
  (forall t, derivable_pt_lim f t (df t)) ->
  (forall t s, Rabs (df t - df s) <= C * Rabs (t - s)) ->
  Rabs (f (x + h) - f x - h * df x) <= C * h ^ 2.
Proof.
  intros Df Lip.
  assert (HC : 0 <= C).
  { pose proof (Lip 1 0) as H. pose proof (Rabs_pos (df 1 - df 0)).
    rewrite (Rabs_pos_eq (1 - 0)) in H by lra. lra. }
  destruct (MVT_gen f x (x + h) df) as [c [Hc E]].
  - intros y _. apply is_derive_Reals, Df.
  - intros y _. apply derivable_continuous_pt. exists (df y). apply Df.
  - replace (f (x + h) - f x - h * df x) with ((df c - df x) * h) by (rewrite E; ring).
    rewrite Rabs_mult.
    assert (B : Rabs (c - x) <= Rabs h).
    { revert Hc. unfold Rmin, Rmax. destruct (Rle_dec x (x + h)) as [L|N]; intros Hc.
      - rewrite !Rabs_pos_eq by lra. lra.
      - rewrite !Rabs_left1 by lra. lra. }
    pose proof (Rabs_pos h) as Ph. pose proof (Rabs_pos (c - x)).
    apply Rle_trans with (C * Rabs h * Rabs h).
    + apply Rmult_le_compat_r; [exact Ph|].
      eapply Rle_trans; [apply Lip|]. apply Rmult_le_compat_l; assumption.
    + replace (h ^ 2) with (Rabs h * Rabs h); [lra|].
      rewrite <- Rabs_mult, Rabs_pos_eq by nra. ring.
Qed.

(** A quadratic remainder makes a derivative. *)
Lemma derive_of_quadratic_remainder (F : R -> R) (t dF M d : R) :
  0 <= M -> 0 < d -> (forall h, Rabs h < d -> Rabs (F (t + h) - F t - h * dF) <= M * h ^ 2) ->
  derivable_pt_lim F t dF.
Proof.
  intros HM Hd Q e He. assert (K : 0 < e / (M + 1)) by (apply Rdiv_lt_0_compat; lra).
  exists (mkposreal _ (Rmin_pos _ _ Hd K)). intros h Nh Bd. cbn in Bd.
  assert (Bh : Rabs h < e / (M + 1)) by (apply (Rlt_le_trans _ _ _ Bd), Rmin_r).
  apply (fun H => Rlt_le_trans _ _ _ H (Rmin_l _ _)) in Bd.
  pose proof (Rabs_pos_lt h Nh) as Ph.
  replace ((F (t + h) - F t) / h - dF) with ((F (t + h) - F t - h * dF) / h)
    by (field; exact Nh).
  unfold Rdiv. rewrite Rabs_mult, Rabs_inv.
  apply Rle_lt_trans with (M * h ^ 2 * / Rabs h).
  - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, Ph|apply Q, Bd].
  - replace (M * h ^ 2 * / Rabs h) with (M * Rabs h).
    + apply Rle_lt_trans with ((M + 1) * Rabs h); [lra|].
      apply Rmult_lt_compat_l with (r := M + 1) in Bh; [|lra].
      replace ((M + 1) * (e / (M + 1))) with e in Bh by (field; lra). exact Bh.
    + replace (h ^ 2) with (Rabs h * Rabs h)
        by (rewrite <- Rabs_mult, Rabs_pos_eq by nra; ring).
      field. lra.
Qed.

(** ** Differentiation under the integral *)

Section UnderTheIntegral.
Context {T : Type} (I : Integral T).

(** [f z] is a function of one parameter, its derivative is [C z]-Lipschitz; [w] a weight. *)
Variables (f df : T -> R -> R) (C w : T -> R) (F : R -> R) (t dF B d : R).
Hypothesis d_pos : 0 < d.
Hypothesis derive_f : forall z s, derivable_pt_lim (f z) s (df z s).
Hypothesis lipschitz_df : forall z r s, Rabs (df z r - df z s) <= C z * Rabs (r - s).
Hypothesis w_nonneg : forall z, 0 <= w z.
Hypothesis integral_f : forall s, Rabs (s - t) < d -> has I (fun z => f z s * w z) (F s).
Hypothesis integral_df : has I (fun z => df z t * w z) dF.
Hypothesis integral_C : has I (fun z => C z * w z) B.

Lemma integral_remainder h :
  Rabs h < d -> Rabs (F (t + h) - F t - h * dF) <= B * h ^ 2.
Proof.
  intros Bh. set (r z := f z (t + h) - f z t - h * df z t).
  assert (I0 : has I (fun z => f z t * w z) (F t)).
  { apply integral_f. rewrite Rminus_eq_0, Rabs_R0. exact d_pos. }
  assert (Ih : has I (fun z => f z (t + h) * w z) (F (t + h))).
  { apply integral_f. replace (t + h - t) with h by ring. exact Bh. }
  assert (Ir : has I (fun z => r z * w z) (F (t + h) - F t - h * dF)).
  { assert (D : has I (fun z => (f z (t + h) - f z t) * w z) (F (t + h) - F t)).
    { apply (has_lin I 1 (- 1) _ _ _ _ _ _ Ih I0); intros; ring. }
    apply (has_lin I 1 (- h) _ _ _ _ _ _ D integral_df); [intros z; unfold r|]; ring. }
  assert (IC : forall c, has I (fun z => c * (C z * w z)) (c * B))
    by (intros c; apply has_scal, integral_C).
  assert (Bound : forall z, - h ^ 2 * (C z * w z) <= r z * w z <= h ^ 2 * (C z * w z)).
  { intros z. pose proof (w_nonneg z) as P.
    pose proof (taylor_bound (f z) (df z) (C z) t h (derive_f z) (lipschitz_df z)) as K.
    fold (r z) in K. apply Rabs_le_between in K. split; nra. }
  apply Rabs_le. split.
  - replace (- (B * h ^ 2)) with (- h ^ 2 * B) by ring.
    exact (has_le I _ _ _ _ (fun z => proj1 (Bound z)) (IC (- h ^ 2)) Ir).
  - replace (B * h ^ 2) with (h ^ 2 * B) by ring.
    exact (has_le I _ _ _ _ (fun z => proj2 (Bound z)) Ir (IC (h ^ 2))).
Qed.

Theorem derive_integral : derivable_pt_lim F t dF.
Proof.
  apply (derive_of_quadratic_remainder F t dF B d); [|exact d_pos|exact integral_remainder].
  apply (has_nonneg I (fun z => C z * w z)); [|exact integral_C].
  intros z. apply Rmult_le_pos; [|apply w_nonneg].
  pose proof (lipschitz_df z 1 0) as H. pose proof (Rabs_pos (df z 1 - df z 0)).
  rewrite (Rabs_pos_eq (1 - 0)) in H by lra. lra.
Qed.
End UnderTheIntegral.

(** ** From the scale to the log-variance, sigma = exp(logvar/2) *)

Lemma derive_in_logvar (F : R -> R) (logvar dF : R) :
  let sigma := exp (logvar / 2) in
  derivable_pt_lim (fun s => F (2 * ln s)) sigma (2 / sigma * dF) ->
  derivable_pt_lim F logvar dF.
Proof.
  intros sigma D. pose proof (exp_pos (logvar / 2) : 0 < sigma) as S.
  apply is_derive_Reals in D. apply is_derive_Reals.
  apply (is_derive_ext (fun v => F (2 * ln (exp (v / 2))))).
  { intros v. rewrite ln_exp. f_equal. field. }
  evar_last.
  - apply (is_derive_comp (fun s => F (2 * ln s)) (fun v => exp (v / 2))); [exact D|].
    auto_derive; [trivial|reflexivity].
  - change (1 * / 2 * sigma * (2 / sigma * dF) = dF). field. lra.
Qed.

(** ** One latent coordinate *)

Section Reparameterised.
Variables (f df : R -> R) (C : R).
Hypothesis derive_f : forall x, derivable_pt_lim f x (df x).
Hypothesis lipschitz_df : forall x y, Rabs (df x - df y) <= C * Rabs (x - y).

Let phi_nonneg z : 0 <= phi z := Rlt_le _ _ (phi_pos z).

(** Along t |-> a + t b, for noise-dependent a and b. *)
Lemma derive_along a b t : derivable_pt_lim (fun s => f (a + s * b)) t (b * df (a + t * b)).
Proof.
  apply is_derive_Reals. evar_last.
  - apply (is_derive_comp f (fun s => a + s * b)).
    + apply is_derive_Reals, derive_f.
    + auto_derive; [trivial|reflexivity].
  - unfold scal; cbn; unfold mult; cbn. ring.
Qed.

Lemma lipschitz_along a b r s :
  Rabs (b * df (a + r * b) - b * df (a + s * b)) <= C * b ^ 2 * Rabs (r - s).
Proof.
  replace (b * df (a + r * b) - b * df (a + s * b))
    with (b * (df (a + r * b) - df (a + s * b))) by ring.
  rewrite Rabs_mult.
  apply Rle_trans with (Rabs b * (C * Rabs ((a + r * b) - (a + s * b)))).
  - apply Rmult_le_compat_l; [apply Rabs_pos|apply lipschitz_df].
  - replace ((a + r * b) - (a + s * b)) with ((r - s) * b) by ring. rewrite Rabs_mult.
    rewrite <- (pow2_abs b). lra.
Qed.

Theorem gradient_mean_unbiased sigma (F : R -> R) (mu dF : R) :
  (forall m, is_int (fun z => f (m + sigma * z) * phi z) (F m)) ->
  is_int (fun z => df (mu + sigma * z) * phi z) dF ->
  derivable_pt_lim F mu dF.
Proof.
  intros IF IdF.
  apply (derive_integral line_integral (fun z s => f (sigma * z + s * 1))
           (fun z s => 1 * df (sigma * z + s * 1)) (fun _ => C * 1 ^ 2) phi F mu dF (C * 1) 1).
  - lra.
  - intros z s. apply derive_along.
  - intros z r s. apply lipschitz_along.
  - exact phi_nonneg.
  - intros s _. refine (is_int_ext (fun z => f (s + sigma * z) * phi z) _ _ _ (IF s)).
    intros z. do 2 f_equal. ring.
  - refine (is_int_ext (fun z => df (mu + sigma * z) * phi z) _ _ _ IdF).
    intros z. replace (sigma * z + mu * 1) with (mu + sigma * z) by ring. ring.
  - refine (is_int_eq _ _ _ _ _ _ (phi_moments C 0 0)); [intros z|]; ring.
Qed.

Theorem gradient_scale_unbiased mu (F : R -> R) (sigma dF : R) :
  0 < sigma ->
  (forall s, 0 < s -> is_int (fun z => f (mu + s * z) * phi z) (F s)) ->
  is_int (fun z => z * df (mu + sigma * z) * phi z) dF ->
  derivable_pt_lim F sigma dF.
Proof.
  intros S IF IdF.
  apply (derive_integral line_integral (fun z s => f (mu + s * z))
           (fun z s => z * df (mu + s * z)) (fun z => C * z ^ 2) phi F sigma dF C sigma).
  - exact S.
  - intros z s. apply derive_along.
  - intros z r s. apply lipschitz_along.
  - exact phi_nonneg.
  - intros s Hs. refine (IF s _). apply Rabs_def2 in Hs. lra.
  - exact IdF.
  - refine (is_int_eq _ _ _ _ _ _ (phi_moments 0 0 C)); [intros z|]; ring.
Qed.

(** *** About the emitted sampler *)

(** One latent: the vector of which only coordinate 0 is used. *)
Definition sample_one (mu logvar z : R) : R :=
  Gen.reparameterize_diag (fun _ => mu) (fun _ => logvar) (fun _ => z) O.

Lemma sample_one_eq mu logvar z : sample_one mu logvar z = mu + exp (logvar / 2) * z.
Proof. apply reparameterize_diag_eq. Qed.

Theorem reparameterized_gradient_mu_unbiased (F : R -> R) (mu logvar dF : R) :
  (forall m, is_int (fun z => f (sample_one m logvar z) * phi z) (F m)) ->
  is_int (fun z => df (sample_one mu logvar z) * phi z) dF ->
  derivable_pt_lim F mu dF.
Proof.
  intros IF IdF. apply (gradient_mean_unbiased (exp (logvar / 2))).
  - intros m. refine (is_int_ext _ _ _ _ (IF m)).
    intros z. rewrite sample_one_eq. reflexivity.
  - refine (is_int_ext _ _ _ _ IdF). intros z. rewrite sample_one_eq. reflexivity.
Qed.

(** dz/dlogvar = exp(logvar/2)/2 * eps. *)
Theorem reparameterized_gradient_logvar_unbiased (F : R -> R) (mu logvar dF : R) :
  (forall v, is_int (fun z => f (sample_one mu v z) * phi z) (F v)) ->
  is_int (fun z => df (sample_one mu logvar z) * (exp (logvar / 2) / 2 * z) * phi z) dF ->
  derivable_pt_lim F logvar dF.
Proof.
  intros IF IdF. apply derive_in_logvar. set (sigma := exp (logvar / 2)).
  pose proof (exp_pos (logvar / 2) : 0 < sigma) as S.
  apply (gradient_scale_unbiased mu _ _ _ S).
  - intros s Hs. refine (is_int_ext _ _ _ _ (IF (2 * ln s))).
    intros z. rewrite sample_one_eq. replace (2 * ln s / 2) with (ln s) by field.
    rewrite exp_ln by exact Hs. reflexivity.
  - refine (is_int_ext _ _ _ _ (is_int_scal (2 / sigma) _ _ IdF)).
    intros z. rewrite sample_one_eq. fold sigma. field. lra.
Qed.
End Reparameterised.

(** A square of an affine function: its derivative, which is Lipschitz. *)
Lemma derive_square_affine a b s :
  derivable_pt_lim (fun t => (a + b * t) ^ 2) s (2 * b * (a + b * s)).
Proof. apply is_derive_Reals. auto_derive; [trivial|ring]. Qed.

Lemma lipschitz_square_affine a b s t :
  Rabs (2 * b * (a + b * s) - 2 * b * (a + b * t)) <= 2 * b ^ 2 * Rabs (s - t).
Proof.
  replace (2 * b * (a + b * s) - 2 * b * (a + b * t)) with (2 * b ^ 2 * (s - t)) by ring.
  rewrite Rabs_mult, (Rabs_pos_eq (2 * b ^ 2)); [lra|]. pose proof (pow2_ge_0 b). lra.
Qed.

(** ** The hypotheses hold together: f z = z^2, whose expectation is mu^2 + exp logvar *)

Theorem reparameterized_gradient_of_square mu logvar :
  derivable_pt_lim (fun m => m ^ 2 + exp logvar) mu (2 * mu) /\
  derivable_pt_lim (fun v => mu ^ 2 + exp v) logvar (exp logvar).
Proof.
  assert (D : forall x, derivable_pt_lim (fun x => x ^ 2) x (2 * x)).
  { intros x. apply is_derive_Reals. auto_derive; [trivial|ring]. }
  assert (Lip : forall x y, Rabs (2 * x - 2 * y) <= 2 * Rabs (x - y)).
  { intros x y. replace (2 * x - 2 * y) with (2 * (x - y)) by ring.
    rewrite Rabs_mult, (Rabs_pos_eq 2) by lra. lra. }
  assert (Square : forall m v, is_int (fun z => sample_one m v z ^ 2 * phi z) (m ^ 2 + exp v)).
  { intros m v. rewrite <- (exp_half_square v). set (s := exp (v / 2)).
    refine (is_int_eq _ _ _ _ _ _ (phi_moments (m ^ 2) (2 * m * s) (s * s))).
    - intros z. rewrite sample_one_eq. fold s. ring.
    - ring. }
  split.
  - apply (reparameterized_gradient_mu_unbiased _ _ 2 D Lip _ mu logvar).
    + intros m. apply Square.
    + refine (is_int_eq _ _ _ _ _ _ (phi_moments (2 * mu) (2 * exp (logvar / 2)) 0));
        [intros z; rewrite sample_one_eq|]; ring.
  - apply (reparameterized_gradient_logvar_unbiased _ _ 2 D Lip _ mu logvar).
    + intros v. apply Square.
    + rewrite <- (exp_half_square logvar). set (s := exp (logvar / 2)).
      refine (is_int_eq _ _ _ _ _ _ (phi_moments 0 (mu * s) (s * s))).
      * intros z. rewrite sample_one_eq. fold s. field.
      * ring.
Qed.
