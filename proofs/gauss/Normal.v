(** * The normal distribution on the line

    Its density integrates to one and has mean mu and variance s^2, as improper Riemann
    integrals: from [gaussian_integral] by an explicit antiderivative of every quadratic
    polynomial times the density. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Elementary.
From Vaelid.gauss Require Import LineIntegral GaussianIntegral.
Open Scope R_scope.

(** ** The standard normal density, and its integral from 0 *)

Definition phi (z : R) : R := exp (- z ^ 2 / 2) / sqrt (2 * PI).
Definition phi_integral (z : R) : R := bell_integral (z / sqrt 2) / sqrt PI.

Lemma sqrt_2_pos : 0 < sqrt 2.
Proof. apply sqrt_lt_R0. lra. Qed.

Lemma sqrt_PI_pos : 0 < sqrt PI.
Proof. apply sqrt_lt_R0, PI_RGT_0. Qed.

Lemma sqrt_2_PI : sqrt (2 * PI) = sqrt 2 * sqrt PI.
Proof. apply sqrt_mult; [lra|left; apply PI_RGT_0]. Qed.

Lemma sqrt_2_PI_pos : 0 < sqrt (2 * PI).
Proof. apply sqrt_lt_R0. pose proof PI_RGT_0. lra. Qed.

Lemma phi_pos z : 0 < phi z.
Proof. apply Rdiv_lt_0_compat; [apply exp_pos|apply sqrt_2_PI_pos]. Qed.

Lemma phi_even z : phi (- z) = phi z.
Proof. unfold phi. do 3 f_equal. ring. Qed.

Lemma is_derive_phi z : is_derive phi z (- z * phi z).
Proof.
  unfold phi. auto_derive; [trivial|].
  replace (- (z * (z * 1)) * / 2) with (- z ^ 2 / 2) by field.
  field. apply Rgt_not_eq, sqrt_2_PI_pos.
Qed.

Lemma is_derive_phi_integral z : is_derive phi_integral z (phi z).
Proof.
  unfold phi_integral. pose proof sqrt_2_pos. pose proof sqrt_PI_pos. evar_last.
  { apply (is_derive_ext (fun z => scal (/ sqrt PI) (bell_integral (z / sqrt 2)))).
    - intros t. unfold scal; cbn; unfold mult; cbn. field. lra.
    - apply is_derive_scal, (is_derive_comp bell_integral (fun z => z / sqrt 2));
        [apply is_derive_bell_integral|auto_derive; [lra|reflexivity]]. }
  unfold phi, bell, scal; cbn; unfold mult; cbn. rewrite sqrt_2_PI.
  replace (- (z / sqrt 2 * (z / sqrt 2))) with (- (z * (z * 1)) / 2).
  - field. lra.
  - replace 2 with (sqrt 2 * sqrt 2) at 1 by (apply sqrt_sqrt; lra). field. lra.
Qed.

Lemma phi_integral_odd z : phi_integral (- z) = - phi_integral z.
Proof.
  pose proof sqrt_2_pos. pose proof sqrt_PI_pos. unfold phi_integral.
  replace (- z / sqrt 2) with (- (z / sqrt 2)) by (field; lra).
  rewrite bell_integral_odd. field. lra.
Qed.

(** ** Limits at +oo *)

Lemma is_lim_affine (k m : R) : 0 < k -> is_lim (fun x => k * x + m) p_infty p_infty.
Proof.
  intros H. apply is_lim_spec. intros M. exists ((M - m) / k). intros x Hx.
  apply Rmult_lt_compat_l with (r := k) in Hx; [|exact H].
  replace (k * ((M - m) / k)) with (M - m) in Hx by (field; lra). lra.
Qed.

Lemma is_lim_phi_integral : is_lim phi_integral p_infty (1 / 2).
Proof.
  pose proof sqrt_2_pos. pose proof sqrt_PI_pos.
  apply is_lim_ext with (fun z => / sqrt PI * bell_integral (/ sqrt 2 * z + 0)).
  { intros z. unfold phi_integral.
    replace (/ sqrt 2 * z + 0) with (z / sqrt 2) by (field; lra). field. lra. }
  replace (Finite (1 / 2)) with (Rbar_mult (/ sqrt PI) (sqrt PI / 2))
    by (cbn; f_equal; field; lra).
  apply is_lim_scal_l.
  apply (is_lim_comp bell_integral (fun z => / sqrt 2 * z + 0) p_infty (sqrt PI / 2) p_infty);
    [apply gaussian_integral| |exists 0; intros; discriminate].
  apply is_lim_affine, Rinv_0_lt_compat. lra.
Qed.

Lemma id_phi_bounds z : 0 < z -> 0 <= z * phi z <= 2 / z.
Proof.
  intros H. pose proof (phi_pos z). split; [nra|].
  assert (phi z <= exp (- z ^ 2 / 2)).
  { unfold phi. rewrite <- (Rmult_1_r (exp _)) at 2.
    apply Rmult_le_compat_l; [left; apply exp_pos|].
    rewrite <- Rinv_1. apply Rinv_le_contravar; [lra|].
    rewrite <- sqrt_1. apply sqrt_le_1_alt. pose proof PI2_1. lra. }
  assert (exp (- z ^ 2 / 2) <= / (1 + z ^ 2 / 2)).
  { replace (- z ^ 2 / 2) with (- (z ^ 2 / 2)) by field. rewrite exp_Ropp.
    apply Rinv_le_contravar; [nra|]. apply exp_ge_one_plus. }
  apply Rle_trans with (z * / (1 + z ^ 2 / 2)); [apply Rmult_le_compat_l; lra|].
  apply Rmult_le_reg_r with (z * (1 + z ^ 2 / 2)); [apply Rmult_lt_0_compat; nra|].
  field_simplify; try lra; nra.
Qed.

Lemma is_lim_id_phi : is_lim (fun z => z * phi z) p_infty 0.
Proof.
  apply is_lim_le_le_loc with (f := fun _ => 0) (g := fun z => 2 * / z).
  - exists 0. intros z Hz. apply id_phi_bounds, Hz.
  - apply is_lim_const.
  - replace (Finite 0) with (Rbar_mult 2 (Rbar_inv p_infty)) by (cbn; f_equal; ring).
    apply is_lim_scal_l, is_lim_inv; [apply is_lim_id|discriminate].
Qed.

Lemma is_lim_phi : is_lim phi p_infty 0.
Proof.
  apply is_lim_le_le_loc with (f := fun _ => 0) (g := fun z => z * phi z).
  - exists 1. intros z Hz. pose proof (phi_pos z). nra.
  - apply is_lim_const.
  - apply is_lim_id_phi.
Qed.

(** ** The antiderivative of (c0 + c1 z + c2 z^2) phi z *)

Definition quadratic_phi (c0 c1 c2 z : R) : R :=
  c0 * phi_integral z - c1 * phi z + c2 * (phi_integral z - z * phi z).

Lemma is_derive_quadratic_phi c0 c1 c2 z :
  is_derive (quadratic_phi c0 c1 c2) z ((c0 + c1 * z + c2 * z ^ 2) * phi z).
Proof.
  unfold quadratic_phi. evar_last.
  { apply (is_derive_plus (V := R_NormedModule));
      [apply (is_derive_minus (V := R_NormedModule))|].
    - apply is_derive_scal, is_derive_phi_integral.
    - apply is_derive_scal, is_derive_phi.
    - apply is_derive_scal, (is_derive_minus (V := R_NormedModule));
        [apply is_derive_phi_integral|].
      apply (is_derive_mult (fun z => z) phi);
        [apply is_derive_id|apply is_derive_phi|intros; apply Rmult_comm]. }
  unfold plus, minus, opp, mult, one; cbn. unfold plus, opp, mult; cbn. ring.
Qed.

Lemma is_lim_quadratic_phi c0 c1 c2 :
  is_lim (quadratic_phi c0 c1 c2) p_infty ((c0 + c2) / 2).
Proof.
  unfold quadratic_phi.
  replace ((c0 + c2) / 2) with (c0 * (1 / 2) - c1 * 0 + c2 * (1 / 2 - 0)) by field.
  apply (is_lim_plus' (fun z => c0 * phi_integral z - c1 * phi z));
    [apply (is_lim_minus' (fun z => c0 * phi_integral z))|].
  - apply (is_lim_scal_l _ c0 p_infty (1 / 2)), is_lim_phi_integral.
  - apply (is_lim_scal_l _ c1 p_infty 0), is_lim_phi.
  - apply (is_lim_scal_l _ c2 p_infty (1 / 2 - 0)), is_lim_minus';
      [apply is_lim_phi_integral|apply is_lim_id_phi].
Qed.

Lemma quadratic_phi_odd c0 c1 c2 z :
  quadratic_phi c0 c1 c2 (- z) = - quadratic_phi c0 (- c1) c2 z.
Proof. unfold quadratic_phi. rewrite phi_integral_odd, phi_even. ring. Qed.

(** ** N(mu, s^2), by its standard deviation s *)

Definition normal_pdf (mu s y : R) : R := phi ((y - mu) / s) / Rabs s.

Lemma normal_pdf_pos mu s y : s <> 0 -> 0 < normal_pdf mu s y.
Proof. intros N. apply Rdiv_lt_0_compat; [apply phi_pos|apply Rabs_pos_lt, N]. Qed.

Lemma normal_pdf_eq mu s y :
  0 < s -> normal_pdf mu s y = exp (- ((y - mu) / s) ^ 2 / 2) / (sqrt (2 * PI) * s).
Proof.
  intros S. unfold normal_pdf, phi. rewrite Rabs_pos_eq by lra.
  pose proof sqrt_2_PI_pos. field. lra.
Qed.

Lemma normal_pdf_le mu s y : 0 < s -> normal_pdf mu s y <= / (sqrt (2 * PI) * s).
Proof.
  intros S. pose proof sqrt_2_PI_pos as P. rewrite normal_pdf_eq by exact S. unfold Rdiv at 1.
  rewrite <- (Rmult_1_l (/ (sqrt (2 * PI) * s))) at 2. apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; assumption.
  - rewrite <- exp_0. apply exp_le_mono. pose proof (pow2_ge_0 ((y - mu) / s)). lra.
Qed.

Lemma normal_pdf_standard z : normal_pdf 0 1 z = phi z.
Proof.
  unfold normal_pdf. rewrite Rabs_R1. replace ((z - 0) / 1) with z by field. field.
Qed.

Lemma ex_derive_normal_pdf mu s y : ex_derive (normal_pdf mu s) y.
Proof. unfold normal_pdf, phi. auto_derive. trivial. Qed.

Lemma continuity_normal_pdf mu s y : continuity_pt (normal_pdf mu s) y.
Proof.
  apply continuity_pt_filterlim, (ex_derive_continuous (V := R_NormedModule)).
  apply ex_derive_normal_pdf.
Qed.

(** Every moment up to the second, at once, in the variable u = (y - mu)/s. *)
Theorem normal_moments mu s c0 c1 c2 :
  0 < s ->
  is_int (fun y => (c0 + c1 * ((y - mu) / s) + c2 * ((y - mu) / s) ^ 2) * normal_pdf mu s y)
         (c0 + c2).
Proof.
  intros S. replace (c0 + c2) with ((c0 + c2) / 2 - - ((c0 + c2) / 2)) by field.
  apply (is_int_derive (fun y => quadratic_phi c0 c1 c2 ((y - mu) / s))).
  - intros y. evar_last.
    + apply (is_derive_comp (quadratic_phi c0 c1 c2) (fun y => (y - mu) / s));
        [apply is_derive_quadratic_phi|auto_derive; [lra|reflexivity]].
    + unfold scal; cbn; unfold mult; cbn. unfold normal_pdf. rewrite Rabs_pos_eq by lra.
      cbn. field. lra.
  - intros y. apply (ex_derive_continuous (V := R_NormedModule)).
    unfold normal_pdf, phi. auto_derive. trivial.
  - apply is_lim_ext with (fun y => - quadratic_phi c0 (- c1) c2 (/ s * - y + mu / s)).
    { intros y. rewrite <- quadratic_phi_odd. f_equal. field. lra. }
    apply (is_lim_opp _ m_infty ((c0 + c2) / 2)).
    apply (is_lim_comp (quadratic_phi c0 (- c1) c2) (fun y => / s * - y + mu / s)
             m_infty _ p_infty); [apply is_lim_quadratic_phi| |exists 0; intros; discriminate].
    apply (is_lim_comp (fun x => / s * x + mu / s) Ropp m_infty p_infty p_infty);
      [apply is_lim_affine, Rinv_0_lt_compat; lra| |exists 0; intros; discriminate].
    apply (is_lim_opp (fun y => y) m_infty m_infty), is_lim_id.
  - apply is_lim_ext with (fun y => quadratic_phi c0 c1 c2 (/ s * y + - mu / s)).
    { intros y. f_equal. field. lra. }
    apply (is_lim_comp (quadratic_phi c0 c1 c2) (fun y => / s * y + - mu / s)
             p_infty _ p_infty); [apply is_lim_quadratic_phi| |exists 0; intros; discriminate].
    apply is_lim_affine, Rinv_0_lt_compat. lra.
Qed.

Theorem normal_normalised mu s : 0 < s -> is_int (normal_pdf mu s) 1.
Proof.
  intros S. apply (is_int_eq _ _ _ _) with (3 := normal_moments mu s 1 0 0 S);
    [intros y|]; ring.
Qed.

Theorem normal_mean mu s : 0 < s -> is_int (fun y => y * normal_pdf mu s y) mu.
Proof.
  intros S. apply (is_int_eq _ _ _ _) with (3 := normal_moments mu s mu s 0 S);
    [intros y; field; lra|ring].
Qed.

Theorem normal_variance mu s :
  0 < s -> is_int (fun y => (y - mu) ^ 2 * normal_pdf mu s y) (s ^ 2).
Proof.
  intros S. apply (is_int_eq _ _ _ _) with (3 := normal_moments mu s 0 0 (s ^ 2) S);
    [intros y; field; lra|ring].
Qed.

(** The moments of the standard normal, against phi. *)
Lemma phi_moments c0 c1 c2 : is_int (fun z => (c0 + c1 * z + c2 * z ^ 2) * phi z) (c0 + c2).
Proof.
  apply (is_int_ext _ _ _) with (2 := normal_moments 0 1 c0 c1 c2 Rlt_0_1).
  intros z. rewrite normal_pdf_standard. replace ((z - 0) / 1) with z by field. ring.
Qed.

(** An affine map carries the standard density to N(m, s^2), for s of either sign. *)
Lemma normal_pdf_affine m s x :
  s <> 0 -> Rabs s * normal_pdf m (sqrt (s * s)) (m + s * x) = normal_pdf 0 1 x.
Proof.
  intros N. pose proof (Rabs_no_R0 s N).
  rewrite normal_pdf_standard. change (s * s) with (Rsqr s). rewrite sqrt_Rsqr_abs.
  unfold normal_pdf. rewrite Rabs_Rabsolu.
  replace (phi ((m + s * x - m) / Rabs s)) with (phi x); [field; assumption|].
  destruct (Rcase_abs s) as [S|S].
  - rewrite Rabs_left by assumption. rewrite <- phi_even. f_equal. field. assumption.
  - rewrite Rabs_right by assumption. f_equal. field. assumption.
Qed.
