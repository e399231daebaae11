(** * The Gaussian integral

    The integral of e^(-x^2) from 0 to +oo is sqrt(PI)/2. With A(x) its part up to x and
    B(x) the integral over t in [0,1] of e^(-x^2 (1+t^2)) / (1+t^2), the derivative of
    A^2 + B is zero, A(0)^2 + B(0) = PI/4, and B vanishes at infinity. From Coquelicot's
    derivative of a parametric integral; no measure theory. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Elementary.
Open Scope R_scope.

(** ** A, and the integral of the bell curve *)

Definition bell (x : R) : R := exp (- (x * x)).
Definition bell_integral (x : R) : R := RInt bell 0 x.

Lemma continuous_bell x : continuous bell x.
Proof.
  apply (ex_derive_continuous (V := R_NormedModule)). unfold bell. auto_derive. trivial.
Qed.

Lemma ex_RInt_bell a b : ex_RInt bell a b.
Proof.
  apply (ex_RInt_continuous (V := R_CompleteNormedModule)). intros. apply continuous_bell.
Qed.

Lemma is_derive_bell_integral x : is_derive bell_integral x (bell x).
Proof.
  apply (is_derive_RInt (V := R_NormedModule)) with 0; [|apply continuous_bell].
  exists (mkposreal 1 Rlt_0_1). intros.
  apply (RInt_correct (V := R_CompleteNormedModule)), ex_RInt_bell.
Qed.

Lemma bell_integral_nonneg x : 0 <= x -> 0 <= bell_integral x.
Proof. intros. apply RInt_ge_0; [assumption|apply ex_RInt_bell|]. intros. left. apply exp_pos. Qed.

Lemma bell_integral_odd x : bell_integral (- x) = - bell_integral x.
Proof.
  unfold bell_integral.
  pose proof (RInt_comp_lin (V := R_CompleteNormedModule) bell (-1) 0 0 x
                (ex_RInt_bell _ _)) as E.
  replace (-1 * 0 + 0) with 0 in E by ring. replace (-1 * x + 0) with (- x) in E by ring.
  rewrite <- E, (RInt_ext _ (fun y => scal (-1) (bell y))).
  - rewrite (RInt_scal (V := R_CompleteNormedModule)) by apply ex_RInt_bell.
    unfold scal; cbn; unfold mult; cbn. ring.
  - intros y _. unfold bell. do 2 f_equal. ring.
Qed.

(** ** B, the companion *)

Definition companion (x t : R) : R := exp (- (x * x) * (1 + t * t)) / (1 + t * t).
Definition companion_integral (x : R) : R := RInt (companion x) 0 1.

Lemma one_plus_square_pos t : 0 < 1 + t * t.
Proof. nra. Qed.

Lemma is_derive_companion x t :
  is_derive (fun u => companion u t) x (-2 * x * exp (- (x * x) * (1 + t * t))).
Proof.
  unfold companion. pose proof (one_plus_square_pos t). auto_derive; [lra|]. field. lra.
Qed.

Lemma continuous_companion x t : continuous (companion x) t.
Proof.
  apply (ex_derive_continuous (V := R_NormedModule)). unfold companion.
  pose proof (one_plus_square_pos t). auto_derive. lra.
Qed.

Lemma ex_RInt_companion x : ex_RInt (companion x) 0 1.
Proof.
  apply (ex_RInt_continuous (V := R_CompleteNormedModule)). intros. apply continuous_companion.
Qed.

Lemma continuity_derive_companion x t :
  continuity_2d_pt (fun u v => -2 * u * exp (- (u * u) * (1 + v * v))) x t.
Proof.
  apply continuity_2d_pt_mult.
  - apply continuity_2d_pt_mult; [apply continuity_2d_pt_const|apply continuity_2d_pt_id1].
  - apply (continuity_1d_2d_pt_comp exp (fun u v => - (u * u) * (1 + v * v))).
    + apply derivable_continuous_pt, derivable_pt_exp.
    + apply continuity_2d_pt_mult.
      * apply continuity_2d_pt_opp, continuity_2d_pt_mult; apply continuity_2d_pt_id1.
      * apply continuity_2d_pt_plus; [apply continuity_2d_pt_const|].
        apply continuity_2d_pt_mult; apply continuity_2d_pt_id2.
Qed.

(** Substituting u = x t turns the derivative of B into - 2 A'(x) A(x). *)
Lemma RInt_derive_companion x :
  RInt (fun t => Derive (fun u => companion u t) x) 0 1 = -2 * bell x * bell_integral x.
Proof.
  rewrite (RInt_ext _ (fun t => scal (-2 * bell x) (scal x (bell (x * t + 0))))).
  - rewrite (RInt_scal (V := R_CompleteNormedModule)).
    + rewrite (RInt_comp_lin (V := R_CompleteNormedModule)) by apply ex_RInt_bell.
      replace (x * 0 + 0) with 0 by ring. replace (x * 1 + 0) with x by ring. reflexivity.
    + apply (ex_RInt_comp_lin (V := R_NormedModule)), ex_RInt_bell.
  - intros t _.
    replace (Derive _ x) with (-2 * x * exp (- (x * x) * (1 + t * t)))
      by (symmetry; apply is_derive_unique, is_derive_companion).
    unfold scal, bell; cbn; unfold mult; cbn.
    replace (- (x * x) * (1 + t * t))
      with (- (x * x) + - ((x * t + 0) * (x * t + 0))) by ring.
    rewrite exp_plus. ring.
Qed.

Lemma is_derive_companion_integral x :
  is_derive companion_integral x (-2 * bell x * bell_integral x).
Proof.
  rewrite <- RInt_derive_companion. apply is_derive_RInt_param.
  - exists (mkposreal 1 Rlt_0_1). intros y _ t _. eexists. apply is_derive_companion.
  - intros t _. apply continuity_2d_pt_ext with (2 := continuity_derive_companion x t).
    intros u v. symmetry. apply is_derive_unique, is_derive_companion.
  - exists (mkposreal 1 Rlt_0_1). intros y _. apply ex_RInt_companion.
Qed.

Lemma companion_integral_zero : companion_integral 0 = PI / 4.
Proof.
  unfold companion_integral. rewrite (RInt_ext _ (fun t => / (1 + t ^ 2))).
  - rewrite <- atan_1, (is_RInt_unique _ 0 1 (minus (atan 1) (atan 0))).
    + rewrite atan_0. unfold minus, plus, opp; cbn. ring.
    + apply (is_RInt_derive (V := R_CompleteNormedModule)); intros t _.
      * evar_last; [apply is_derive_atan|]. unfold Rsqr; cbn. f_equal. ring.
      * apply (ex_derive_continuous (V := R_NormedModule)). auto_derive. nra.
  - intros t _. unfold companion. replace (- (0 * 0) * (1 + t * t)) with 0 by ring.
    rewrite exp_0. unfold Rdiv. rewrite Rmult_1_l. f_equal. ring.
Qed.

Lemma companion_integral_bounds x : 0 <= companion_integral x <= bell x.
Proof.
  split.
  - apply RInt_ge_0; [lra|apply ex_RInt_companion|]. intros t _. unfold companion.
    apply Rlt_le, Rdiv_lt_0_compat; [apply exp_pos|apply one_plus_square_pos].
  - apply Rle_trans with (RInt (fun _ => bell x) 0 1).
    + apply RInt_le; [lra|apply ex_RInt_companion|apply ex_RInt_const|].
      intros t _. unfold companion, bell. pose proof (one_plus_square_pos t).
      apply Rle_trans with (exp (- (x * x) * (1 + t * t)) * 1).
      * apply Rmult_le_compat_l; [left; apply exp_pos|].
        rewrite <- Rinv_1. apply Rinv_le_contravar; nra.
      * rewrite Rmult_1_r. apply exp_le_mono. nra.
    + rewrite RInt_const. unfold scal; cbn; unfold mult; cbn. lra.
Qed.

(** ** A^2 + B is constant *)

Lemma bell_square_plus_companion x :
  bell_integral x * bell_integral x + companion_integral x = PI / 4.
Proof.
  set (F y := bell_integral y * bell_integral y + companion_integral y).
  assert (D : forall y, is_derive F y zero).
  { intros y. evar_last.
    - apply (is_derive_plus (V := R_NormedModule)); [|apply is_derive_companion_integral].
      apply (is_derive_mult bell_integral bell_integral);
        [apply is_derive_bell_integral|apply is_derive_bell_integral|].
      intros. apply Rmult_comm.
    - unfold plus, mult, zero; cbn. ring. }
  assert (Z : F x = F 0).
  { destruct (Rtotal_order 0 x) as [H|[<-|H]]; [symmetry| reflexivity |];
      apply (eq_is_derive (V := R_NormedModule) F); auto. }
  change (F x = PI / 4). rewrite Z. unfold F, bell_integral.
  rewrite RInt_point, companion_integral_zero. unfold zero; cbn. ring.
Qed.

(** ** The limit *)

Lemma bell_integral_value x :
  0 <= x -> bell_integral x = sqrt (PI / 4 - companion_integral x).
Proof.
  intros H. rewrite <- (bell_square_plus_companion x).
  replace (bell_integral x * bell_integral x + companion_integral x - companion_integral x)
    with (bell_integral x * bell_integral x) by ring.
  rewrite sqrt_square; [reflexivity|apply bell_integral_nonneg, H].
Qed.

Lemma is_lim_bell : is_lim bell p_infty 0.
Proof.
  apply (is_lim_comp exp (fun x => - (x * x)) p_infty 0 m_infty);
    [apply is_lim_exp_m| |exists 0; intros; discriminate].
  apply (is_lim_opp (fun x => x * x) p_infty p_infty).
  apply (is_lim_mult (fun x => x) (fun x => x) p_infty p_infty p_infty);
    [apply is_lim_id|apply is_lim_id|exact I].
Qed.

Lemma is_lim_companion_integral : is_lim companion_integral p_infty 0.
Proof.
  apply is_lim_le_le_loc with (f := fun _ => 0) (g := bell).
  - exists 0. intros. apply companion_integral_bounds.
  - apply is_lim_const.
  - apply is_lim_bell.
Qed.

Theorem gaussian_integral : is_lim bell_integral p_infty (sqrt PI / 2).
Proof.
  apply is_lim_ext_loc with (fun x => sqrt (PI / 4 - companion_integral x)).
  { exists 0. intros x Hx. symmetry. apply bell_integral_value. lra. }
  replace (sqrt PI / 2) with (sqrt (PI / 4 - 0)).
  - apply (filterlim_comp _ _ _ (fun x => PI / 4 - companion_integral x) sqrt _
             (locally (PI / 4 - 0))); [|apply continuous_sqrt].
    apply (is_lim_minus' (fun _ => PI / 4) companion_integral);
      [apply is_lim_const|apply is_lim_companion_integral].
  - rewrite Rminus_0_r, sqrt_div_alt by lra. f_equal.
    replace 4 with (2 * 2) by ring. apply sqrt_square. lra.
Qed.
