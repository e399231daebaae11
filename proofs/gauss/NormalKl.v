(** * The KL integral of a normal to the standard normal is the emitted closed form

    [kl_closed_form_is_kl]: the integral of q ln(q/p), with q = N(mu, exp logvar) and
    p = N(0, 1), exists and equals [Gen.coordinate_kl_to_standard mu logvar]. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Elementary.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
From Vaelid.gauss Require Import LineIntegral Normal.
Open Scope R_scope.

Lemma ln_normal_pdf mu s y :
  0 < s -> ln (normal_pdf mu s y) = - ((y - mu) / s) ^ 2 / 2 - ln (2 * PI) / 2 - ln s.
Proof.
  intros S. pose proof sqrt_2_PI_pos. pose proof PI_RGT_0.
  rewrite normal_pdf_eq by exact S.
  rewrite ln_div, ln_exp, ln_mult, ln_sqrt
    by (first [apply exp_pos | apply Rmult_lt_0_compat; lra | lra]).
  ring.
Qed.

(** The emitted log-density is the logarithm of the normal density. *)
Theorem gaussian_log_density_is_ln_pdf x mean log_variance :
  Gen.gaussian_log_density x mean log_variance =
    ln (normal_pdf mean (exp (log_variance / 2)) x).
Proof.
  rewrite gaussian_log_density_eq, ln_normal_pdf, ln_exp by apply exp_pos.
  replace (- log_variance / 2) with (- (log_variance / 2)) by field.
  rewrite exp_Ropp. unfold Rdiv. ring.
Qed.

(** The posterior of one coordinate: standard deviation exp(logvar / 2). *)
Lemma posterior_pdf_pos mu logvar y : 0 < normal_pdf mu (exp (logvar / 2)) y.
Proof. apply normal_pdf_pos, Rgt_not_eq, exp_pos. Qed.

Lemma standard_pdf_pos y : 0 < normal_pdf 0 1 y.
Proof. apply normal_pdf_pos. lra. Qed.

Theorem kl_closed_form_is_kl mu logvar :
  is_int (fun y => normal_pdf mu (exp (logvar / 2)) y
                   * ln (normal_pdf mu (exp (logvar / 2)) y / normal_pdf 0 1 y))
         (Gen.coordinate_kl_to_standard mu logvar).
Proof.
  pose proof (exp_half_square logvar) as V. pose proof (exp_pos (logvar / 2)) as S.
  assert (W := ln_exp (logvar / 2)). set (s := exp (logvar / 2)) in *.
  apply (is_int_eq _ _ _ _) with
    (3 := normal_moments mu s ((mu ^ 2 - logvar) / 2) (mu * s) ((s ^ 2 - 1) / 2) S).
  - intros y. rewrite ln_div by (apply normal_pdf_pos; lra).
    rewrite !ln_normal_pdf, W, ln_1 by lra.
    rewrite (Rmult_comm (normal_pdf mu s y)). f_equal. field. lra.
  - rewrite coordinate_kl_to_standard_eq, <- V. field.
Qed.

(** ** The nonnegative form of the integrand *)

(** q ln(q/p) + p - q: never negative, continuous, with the same integral. Through it the
    Riemann integral above becomes a Lebesgue integral, in [measure.LebesgueLine]. *)
Definition kl_excess (mu logvar y : R) : R :=
  normal_pdf mu (exp (logvar / 2)) y
    * ln (normal_pdf mu (exp (logvar / 2)) y / normal_pdf 0 1 y)
  + normal_pdf 0 1 y - normal_pdf mu (exp (logvar / 2)) y.

Lemma kl_excess_nonneg mu logvar y : 0 <= kl_excess mu logvar y.
Proof.
  pose proof (posterior_pdf_pos mu logvar y). pose proof (standard_pdf_pos y).
  apply kl_integrand_nonneg; [lra|lra|auto].
Qed.

Lemma continuity_kl_excess mu logvar y : continuity_pt (kl_excess mu logvar) y.
Proof.
  apply continuity_pt_filterlim, (ex_derive_continuous (V := R_NormedModule)).
  unfold kl_excess. auto_derive. repeat split; try apply ex_derive_normal_pdf.
  - apply Rgt_not_eq, standard_pdf_pos.
  - apply Rdiv_lt_0_compat; [apply posterior_pdf_pos|apply standard_pdf_pos].
Qed.

Lemma kl_excess_integral mu logvar :
  is_int (kl_excess mu logvar) (Gen.coordinate_kl_to_standard mu logvar).
Proof.
  refine (is_int_eq _ _ _ _ _ _ (is_int_minus _ _ _ _
    (is_int_plus _ _ _ _ (kl_closed_form_is_kl mu logvar) (normal_normalised 0 1 Rlt_0_1))
    (normal_normalised mu _ (exp_pos (logvar / 2))))).
  - reflexivity.
  - ring.
Qed.
