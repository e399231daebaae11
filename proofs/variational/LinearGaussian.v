(** * One latent dimension: the bound, and a decoder that attains it

    [Elbo] over the improper Riemann integral, with the posterior and the prior of the VAE;
    then the decoder x | z ~ N(w z + b, t^2), for which every hypothesis holds, every term
    has a closed form, and the bound is an equality at the true posterior: the theorems are
    neither vacuous nor loose. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Vaelid.base Require Import Elementary Integral.
From Vaelid.spec Require Import GenLinks.
From Vaelid.spec Require Gen.
From Vaelid.gauss Require Import LineIntegral Normal NormalKl.
From Vaelid.variational Require Import Elbo.
Open Scope R_scope.

(** ** Any decoder on one latent *)

Section Line.
Variables (mu logvar : R) (log_lik : R -> R) (E total : R).
Let q : R -> R := normal_pdf mu (exp (logvar / 2)).
Let kl : R := Gen.coordinate_kl_to_standard mu logvar.
Hypothesis evidence_is : is_int (fun z => exp (log_lik z) * normal_pdf 0 1 z) E.
Hypothesis total_is : is_int (fun z => q z * Gen.negative_elbo (- log_lik z) kl) total.

Let q_nonneg z : 0 <= q z := Rlt_le _ _ (posterior_pdf_pos mu logvar z).
Let q_one : has line_integral q 1 := normal_normalised mu _ (exp_pos (logvar / 2)).
Let kl_is : has line_integral (fun z => q z * ln (q z / normal_pdf 0 1 z)) kl :=
  kl_closed_form_is_kl mu logvar.

Theorem negative_elbo_bounds_evidence_line : 0 < E /\ - ln E <= total.
Proof.
  exact (negative_elbo_bounds_evidence line_integral q (normal_pdf 0 1) log_lik E kl
           q_nonneg standard_pdf_pos q_one kl_is evidence_is total total_is).
Qed.

Theorem negative_elbo_gap_line :
  is_int (fun z => q z * ln (q z / (exp (log_lik z) * normal_pdf 0 1 z / E))) (ln E + total).
Proof.
  exact (negative_elbo_gap line_integral q (normal_pdf 0 1) log_lik E kl
           q_nonneg standard_pdf_pos q_one kl_is evidence_is total total_is).
Qed.

Theorem negative_elbo_tight_line :
  (forall z, q z = exp (log_lik z) * normal_pdf 0 1 z / E) -> total = - ln E.
Proof.
  exact (negative_elbo_tight line_integral q (normal_pdf 0 1) log_lik E kl
           q_nonneg standard_pdf_pos q_one kl_is evidence_is total total_is).
Qed.
End Line.

(** ** The decoder N(w z + b, t^2) *)

Section LinearGaussian.
Variables (w b t x : R).
Hypothesis t_pos : 0 < t.
Let logvar_x : R := 2 * ln t.

(** The emitted Gaussian log-density, at variance t^2. *)
Definition linear_log_lik (z : R) : R := Gen.gaussian_log_density x (w * z + b) logvar_x.

(** The evidence N(x; b, w^2 + t^2), and the true posterior. *)
Definition evidence_scale : R := sqrt (w ^ 2 + t ^ 2).
Definition linear_evidence : R := normal_pdf b evidence_scale x.
Definition posterior_mean : R := w * (x - b) / evidence_scale ^ 2.
Definition posterior_logvar : R := 2 * ln (t / evidence_scale).

(** E_q[-log p(x|z)] for q = N(mu, exp logvar). *)
Definition linear_nll (mu logvar : R) : R :=
  ((w * mu + b - x) ^ 2 + w ^ 2 * exp logvar) / (2 * t ^ 2) + ln (2 * PI) / 2 + ln t.

Lemma exp_linear_log_lik z : exp (linear_log_lik z) = normal_pdf (w * z + b) t x.
Proof.
  unfold linear_log_lik, logvar_x. rewrite gaussian_log_density_is_ln_pdf.
  replace (2 * ln t / 2) with (ln t) by field. rewrite (exp_ln t) by exact t_pos.
  apply exp_ln, normal_pdf_pos. lra.
Qed.

Lemma evidence_scale_pos : 0 < evidence_scale.
Proof. apply sqrt_lt_R0. nra. Qed.

Lemma evidence_scale_square : evidence_scale ^ 2 = w ^ 2 + t ^ 2.
Proof. unfold evidence_scale. rewrite pow2_sqrt; [reflexivity|nra]. Qed.

Lemma posterior_scale_pos : 0 < t / evidence_scale.
Proof. apply Rdiv_lt_0_compat; [exact t_pos|exact evidence_scale_pos]. Qed.

Lemma exp_half_posterior_logvar : exp (posterior_logvar / 2) = t / evidence_scale.
Proof.
  unfold posterior_logvar.
  replace (2 * ln (t / evidence_scale) / 2) with (ln (t / evidence_scale)) by field.
  apply exp_ln, posterior_scale_pos.
Qed.

(** Completing the square: joint density = evidence * posterior density. *)
Lemma complete_square z :
  - ((x - (w * z + b)) / t) ^ 2 / 2 + - ((z - 0) / 1) ^ 2 / 2 =
  - ((x - b) / evidence_scale) ^ 2 / 2 +
  - ((z - posterior_mean) / (t / evidence_scale)) ^ 2 / 2.
Proof.
  pose proof evidence_scale_pos as P. pose proof evidence_scale_square as Q.
  assert (N : w ^ 2 + t ^ 2 <> 0) by (rewrite <- Q; apply pow_nonzero; lra).
  unfold posterior_mean. set (r := evidence_scale) in *.
  replace (((z - w * (x - b) / r ^ 2) / (t / r)) ^ 2)
    with ((r ^ 2 * z - w * (x - b)) ^ 2 / (r ^ 2 * t ^ 2)) by (field; lra).
  replace (((x - b) / r) ^ 2) with ((x - b) ^ 2 / r ^ 2) by (field; lra).
  rewrite Q. field. split; [lra|exact N].
Qed.

Lemma linear_bayes z :
  exp (linear_log_lik z) * normal_pdf 0 1 z =
    linear_evidence * normal_pdf posterior_mean (t / evidence_scale) z.
Proof.
  pose proof evidence_scale_pos as P. pose proof sqrt_2_PI_pos as S.
  assert (X := f_equal exp (complete_square z)). rewrite !exp_plus in X.
  unfold linear_evidence. rewrite exp_linear_log_lik.
  rewrite !normal_pdf_eq by (first [assumption | exact posterior_scale_pos | lra]).
  set (a1 := exp (- ((x - (w * z + b)) / t) ^ 2 / 2)) in *.
  set (a2 := exp (- ((z - 0) / 1) ^ 2 / 2)) in *.
  replace (a1 / (sqrt (2 * PI) * t) * (a2 / (sqrt (2 * PI) * 1)))
    with ((a1 * a2) / (sqrt (2 * PI) * sqrt (2 * PI) * t)) by (field; lra).
  rewrite X. field. lra.
Qed.

Lemma linear_evidence_is :
  is_int (fun z => exp (linear_log_lik z) * normal_pdf 0 1 z) linear_evidence.
Proof.
  apply (is_int_eq (fun z => linear_evidence * normal_pdf posterior_mean (t / evidence_scale) z)
           _ (linear_evidence * 1)).
  - intros z. symmetry. apply linear_bayes.
  - ring.
  - apply is_int_scal, normal_normalised, posterior_scale_pos.
Qed.

Lemma linear_total_is mu logvar :
  let kl := Gen.coordinate_kl_to_standard mu logvar in
  is_int (fun z => normal_pdf mu (exp (logvar / 2)) z
                   * Gen.negative_elbo (- linear_log_lik z) kl)
         (Gen.negative_elbo (linear_nll mu logvar) kl).
Proof.
  intros kl. pose proof (exp_half_square logvar) as V. pose proof (exp_pos (logvar / 2)) as S.
  set (s := exp (logvar / 2)) in *. set (m := w * mu + b - x).
  apply (is_int_eq _ _ _ _) with
    (3 := normal_moments mu s (m ^ 2 / (2 * t ^ 2) + ln (2 * PI) / 2 + ln t + kl)
            (m * w * s / t ^ 2) (w ^ 2 * s ^ 2 / (2 * t ^ 2)) S).
  - intros z. rewrite negative_elbo_eq, (Rmult_comm (normal_pdf mu s z)). f_equal.
    unfold linear_log_lik, logvar_x. rewrite gaussian_log_density_is_ln_pdf.
    replace (2 * ln t / 2) with (ln t) by field. rewrite exp_ln by exact t_pos.
    rewrite ln_normal_pdf by exact t_pos. unfold m. field. lra.
  - rewrite negative_elbo_eq. unfold linear_nll. rewrite <- V. unfold m. field. lra.
Qed.

(** The bound with no hypothesis left but t > 0. *)
Theorem linear_gaussian_bound mu logvar :
  - ln linear_evidence <=
    Gen.negative_elbo (linear_nll mu logvar) (Gen.coordinate_kl_to_standard mu logvar).
Proof.
  exact (proj2 (negative_elbo_bounds_evidence_line mu logvar linear_log_lik linear_evidence _
                  linear_evidence_is (linear_total_is mu logvar))).
Qed.

(** Equality at the mean and the log-variance of the true posterior. *)
Theorem linear_gaussian_tight :
  Gen.negative_elbo (linear_nll posterior_mean posterior_logvar)
    (Gen.coordinate_kl_to_standard posterior_mean posterior_logvar) = - ln linear_evidence.
Proof.
  apply (negative_elbo_tight_line posterior_mean posterior_logvar linear_log_lik).
  - exact linear_evidence_is.
  - apply linear_total_is.
  - intros z. rewrite linear_bayes, exp_half_posterior_logvar. field.
    apply Rgt_not_eq, normal_pdf_pos, Rgt_not_eq, evidence_scale_pos.
Qed.
End LinearGaussian.
