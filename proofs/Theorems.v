(** * Every exported theorem, by its name

    One name, one line: [Vaelid.Theorems.NAME] is the theorem of that name in the module on
    the right, whose statement [make statements] prints and README.md puts in words. The
    lists at the end group them by what they rest on; [assumptions/] says what that is. *)
From Vaelid.spec Require KernelAxioms.
From Vaelid.spec Require GenLinks Vae Latent Objective.
From Vaelid.gauss Require GaussianIntegral Normal NormalKl.
From Vaelid.objective Require GaussianNll EffectiveBeta BernoulliNll ImportanceWeighted.
From Vaelid.objective Require FloatSamples.
From Vaelid.objective Require KlKernel KlKernelError KlKernelFloat.
From Vaelid.variational Require Elbo LinearGaussian TrainingBound Gradient.
From Vaelid.measure Require Law LebesgueLine GaussianNd LebesgueIntegral TrainingNd Expectation.
From Vaelid.measure Require Existence LinearDecoder JointLaw VectorLaw ChangeOfVariables.
From Vaelid.measure Require Moments KlZero GradientNd.

(** ** Axioms of the SMT kernel, each a theorem of Coq's real numbers *)

Definition exp_zero := @KernelAxioms.exp_zero.
Definition exp_gt_one_plus := @KernelAxioms.exp_gt_one_plus.
Definition exp_add := @KernelAxioms.exp_add.
Definition log_exp := @KernelAxioms.log_exp.
Definition exp_log := @KernelAxioms.exp_log.
Definition pi_pos := @KernelAxioms.pi_pos.
Definition abs_pos := @KernelAxioms.abs_pos.
Definition abs_neg := @KernelAxioms.abs_neg.

(** ** TorchLean's theorems: the structure of the executable VAE *)

Definition reparameterize_diag_eq := @GenLinks.reparameterize_diag_eq.
Definition variance_of_scale_eq := @GenLinks.variance_of_scale_eq.
Definition reconstruction_loss_eq := @GenLinks.reconstruction_loss_eq.
Definition kl_loss_eq := @GenLinks.kl_loss_eq.
Definition sample_latent_eq_reparameterize := @GenLinks.sample_latent_eq_reparameterize.
Definition forward_eq_decoder_sample_latent := @GenLinks.forward_eq_decoder_sample_latent.
Definition beta_vae_loss_decomposition := @GenLinks.beta_vae_loss_decomposition.
Definition beta_vae_loss_eq_weighted_two_term := @Vae.beta_vae_loss_eq_weighted_two_term.
Definition beta_vae_loss_zero_beta := @Vae.beta_vae_loss_zero_beta.
Definition beta_vae_loss_eq_reconstruction_of_zero_kl :=
  @Vae.beta_vae_loss_eq_reconstruction_of_zero_kl.
Definition beta_vae_loss_mono_beta_of_kl_nonneg := @Vae.beta_vae_loss_mono_beta_of_kl_nonneg.
Definition beta_vae_loss_matches_named_elbo_terms := @Vae.beta_vae_loss_matches_named_elbo_terms.

(** ** TorchLean's theorems: the KL of a diagonal Gaussian *)

Definition exp_minus_one_minus_nonneg := @Latent.exp_minus_one_minus_nonneg.
Definition exp_minus_one_minus_pos := @Latent.exp_minus_one_minus_pos.
Definition coordinate_kl_to_standard_nonneg := @Latent.coordinate_kl_to_standard_nonneg.
Definition coordinate_kl_to_standard_eq_zero_iff := @Latent.coordinate_kl_to_standard_eq_zero_iff.
Definition diagonal_gaussian_kl_to_standard_sum_nonneg :=
  @Latent.diagonal_gaussian_kl_to_standard_sum_nonneg.
Definition diagonal_gaussian_kl_to_standard_sum_eq_zero_iff :=
  @Latent.diagonal_gaussian_kl_to_standard_sum_eq_zero_iff.

(** ** TorchLean's theorems: weighted objectives *)

Definition weighted_two_term_zero_regularizer := @Objective.weighted_two_term_zero_regularizer.
Definition weighted_two_term_zero_weight := @Objective.weighted_two_term_zero_weight.
Definition weighted_two_term_mono_weight := @Objective.weighted_two_term_mono_weight.
Definition weighted_three_term_zero_regularizer :=
  @Objective.weighted_three_term_zero_regularizer.
Definition weighted_three_term_zero_middle_zero_regularizer :=
  @Objective.weighted_three_term_zero_middle_zero_regularizer.
Definition weighted_three_term_zero_weight := @Objective.weighted_three_term_zero_weight.
Definition weighted_three_term_mono_weight := @Objective.weighted_three_term_mono_weight.

(** ** TorchLean's theorems: laws *)

Definition scalar_reparameterization_law := @Law.scalar_reparameterization_law.
Definition diagonal_reparameterization_coordinate_law :=
  @Law.diagonal_reparameterization_coordinate_law.

(** ** The executable, mean-reduced loss of every model *)

Definition mean_sum_link := @Latent.mean_sum_link.
Definition diagonal_gaussian_kl_to_standard_nonneg :=
  @Latent.diagonal_gaussian_kl_to_standard_nonneg.
Definition diagonal_gaussian_kl_to_standard_eq_zero_iff :=
  @Latent.diagonal_gaussian_kl_to_standard_eq_zero_iff.
Definition variance_of_posterior_scale := @Latent.variance_of_posterior_scale.
Definition reparameterize_standardize := @Latent.reparameterize_standardize.
Definition standardize_reparameterize := @Latent.standardize_reparameterize.
Definition kl_loss_nonneg := @Vae.kl_loss_nonneg.
Definition kl_loss_eq_zero_iff := @Vae.kl_loss_eq_zero_iff.
Definition beta_vae_loss_mono_beta := @Vae.beta_vae_loss_mono_beta.
Definition beta_vae_loss_strict_mono_beta := @Vae.beta_vae_loss_strict_mono_beta.
Definition beta_vae_loss_nonneg := @Vae.beta_vae_loss_nonneg.
Definition mean_squared_error_nonneg := @Vae.mean_squared_error_nonneg.
Definition mean_squared_error_eq_zero_iff := @Vae.mean_squared_error_eq_zero_iff.
Definition beta_negative_elbo_one := @Objective.beta_negative_elbo_one.
Definition beta_negative_elbo_eq_weighted_two_term :=
  @Objective.beta_negative_elbo_eq_weighted_two_term.
Definition beta_negative_elbo_mono := @Objective.beta_negative_elbo_mono.

(** ** What the losses stand for *)

Definition gaussian_nll_is_ln_density := @GaussianNll.gaussian_nll_is_ln_density.
Definition gaussian_nll_identification := @GaussianNll.gaussian_nll_identification.
Definition effective_beta := @GaussianNll.effective_beta.
Definition effective_beta_exact := @GaussianNll.effective_beta_exact.
Definition loss_effective_beta := @GaussianNll.loss_effective_beta.
Definition loss_is_negative_elbo := @GaussianNll.loss_is_negative_elbo.
Definition effective_beta_mse_mean_mean := @EffectiveBeta.effective_beta_mse_mean_mean.
Definition effective_beta_mse_mean_sum := @EffectiveBeta.effective_beta_mse_mean_sum.
Definition effective_beta_mse_sum_mean := @EffectiveBeta.effective_beta_mse_sum_mean.
Definition effective_beta_mse_sum_sum := @EffectiveBeta.effective_beta_mse_sum_sum.
Definition effective_beta_half_mse_sum_mean := @EffectiveBeta.effective_beta_half_mse_sum_mean.
Definition effective_beta_half_mse_sum_sum := @EffectiveBeta.effective_beta_half_mse_sum_sum.
Definition effective_beta_nll_mean_mean := @EffectiveBeta.effective_beta_nll_mean_mean.
Definition effective_beta_nll_mean_sum := @EffectiveBeta.effective_beta_nll_mean_sum.
Definition effective_beta_nll_sum_mean := @EffectiveBeta.effective_beta_nll_sum_mean.
Definition effective_beta_nll_sum_sum := @EffectiveBeta.effective_beta_nll_sum_sum.
Definition bernoulli_identification := @BernoulliNll.bernoulli_identification.
Definition bernoulli_normalised := @BernoulliNll.bernoulli_normalised.
Definition bernoulli_log_density_stable := @BernoulliNll.bernoulli_log_density_stable.
Definition bernoulli_mass_is_integral := @BernoulliNll.bernoulli_mass_is_integral.
Definition bernoulli_mass_le_half := @BernoulliNll.bernoulli_mass_le_half.

(** ** The normal distribution and the KL integral *)

Definition gaussian_integral := @GaussianIntegral.gaussian_integral.
Definition normal_normalised := @Normal.normal_normalised.
Definition normal_mean := @Normal.normal_mean.
Definition normal_variance := @Normal.normal_variance.
Definition normal_moments := @Normal.normal_moments.
Definition gaussian_log_density_is_ln_pdf := @NormalKl.gaussian_log_density_is_ln_pdf.
Definition kl_closed_form_is_kl := @NormalKl.kl_closed_form_is_kl.
Definition has_int_normal := @LebesgueLine.has_int_normal.
Definition has_int_kl := @LebesgueLine.has_int_kl.
Definition lebesgue_of_riemann := @LebesgueLine.lebesgue_of_riemann.
Definition klN_is_the_kl := @GaussianNd.klN_is_the_kl.

(** ** The evidence lower bound: any integral, the line, any measure, R^n *)

Definition evidence_pos := @Elbo.evidence_pos.
Definition elbo_le_evidence := @Elbo.elbo_le_evidence.
Definition evidence_gap := @Elbo.evidence_gap.
Definition elbo_tight := @Elbo.elbo_tight.
Definition kl_nonneg := @Elbo.kl_nonneg.
Definition negative_elbo_bounds_evidence := @Elbo.negative_elbo_bounds_evidence.
Definition negative_elbo_gap := @Elbo.negative_elbo_gap.
Definition negative_elbo_tight := @Elbo.negative_elbo_tight.
Definition negative_elbo_bounds_evidence_line :=
  @LinearGaussian.negative_elbo_bounds_evidence_line.
Definition negative_elbo_gap_line := @LinearGaussian.negative_elbo_gap_line.
Definition negative_elbo_tight_line := @LinearGaussian.negative_elbo_tight_line.
Definition linear_gaussian_bound := @LinearGaussian.linear_gaussian_bound.
Definition linear_gaussian_tight := @LinearGaussian.linear_gaussian_tight.
Definition jensen_ln := @LebesgueIntegral.jensen_ln.
Definition negative_elbo_bounds_evidence_nd := @GaussianNd.negative_elbo_bounds_evidence_nd.
Definition negative_elbo_gap_nd := @GaussianNd.negative_elbo_gap_nd.
Definition negative_elbo_tight_nd := @GaussianNd.negative_elbo_tight_nd.
Definition beta_negative_elbo_bounds_evidence_nd :=
  @GaussianNd.beta_negative_elbo_bounds_evidence_nd.
Definition gaussian_negative_elbo_bounds_evidence :=
  @GaussianNd.gaussian_negative_elbo_bounds_evidence.
Definition gaussian_nll_negative_elbo_bounds_evidence :=
  @GaussianNd.gaussian_nll_negative_elbo_bounds_evidence.
Definition bernoulli_negative_elbo_bounds_evidence :=
  @GaussianNd.bernoulli_negative_elbo_bounds_evidence.

(** ** What is trained bounds the evidence *)

Definition training_loss_bounds_evidence := @TrainingBound.training_loss_bounds_evidence.
Definition beta_negative_elbo_bounds_evidence :=
  @TrainingBound.beta_negative_elbo_bounds_evidence.
Definition vae_training_bound := @TrainingNd.vae_training_bound.
Definition vae_training_bound_noise := @Expectation.vae_training_bound_noise.
Definition vae_training_bound_expectation := @Expectation.vae_training_bound_expectation.
Definition gaussian_nll_negative_elbo_bounds_evidence_expectation :=
  @Expectation.gaussian_nll_negative_elbo_bounds_evidence_expectation.
Definition gaussian_evidence_exists := @Existence.gaussian_evidence_exists.
Definition expected_loss_exists := @Existence.expected_loss_exists.
Definition vae_training_bound_of_growth := @Existence.vae_training_bound_of_growth.
Definition linear_decoder_decodes := @LinearDecoder.linear_decoder_decodes.
Definition linear_decoder_grows := @LinearDecoder.linear_decoder_grows.
Definition linear_decoder_expected_loss := @LinearDecoder.linear_decoder_expected_loss.
Definition linear_decoder_training_bound := @LinearDecoder.linear_decoder_training_bound.

(** ** The law of the emitted sampler *)

Definition emitted_sampler_law := @Law.emitted_sampler_law.
Definition joint_reparameterization_law := @JointLaw.joint_reparameterization_law.
Definition emitted_sampler_joint_law := @JointLaw.emitted_sampler_joint_law.
Definition vector_reparameterization_law := @VectorLaw.vector_reparameterization_law.
Definition sample_latent_law := @VectorLaw.sample_latent_law.
Definition independent_normals_exist := @VectorLaw.independent_normals_exist.

(** ** Expectations of the emitted sample *)

Definition normal_change_of_variables := @ChangeOfVariables.normal_change_of_variables.
Definition sampler_change_of_variables := @ChangeOfVariables.sampler_change_of_variables.
Definition sample_latent_expectation := @Expectation.sample_latent_expectation.
Definition sample_latent_expectation_on := @Expectation.sample_latent_expectation_on.
Definition has_int_dot := @Moments.has_int_dot.
Definition has_int_dot_square := @Moments.has_int_dot_square.

(** ** A KL of zero *)

Definition kl_zero_ae := @KlZero.kl_zero_ae.
Definition kl_zero_iff_posterior_is_prior := @KlZero.kl_zero_iff_posterior_is_prior.
Definition kl_loss_zero_iff_posterior_is_prior := @KlZero.kl_loss_zero_iff_posterior_is_prior.

(** ** The importance-weighted bound *)

Definition iw_gap := @ImportanceWeighted.iw_gap.
Definition importance_weighted_bound_is_log_mean_exp :=
  @ImportanceWeighted.importance_weighted_bound_is_log_mean_exp.
Definition iw_bound_ge_elbo := @ImportanceWeighted.iw_bound_ge_elbo.
Definition iw_bound_eq_elbo_iff := @ImportanceWeighted.iw_bound_eq_elbo_iff.
Definition iw_bound_le_max := @ImportanceWeighted.iw_bound_le_max.
Definition iw_bound_one := @ImportanceWeighted.iw_bound_one.

(** ** The reparameterised gradient *)

Definition derive_integral := @Gradient.derive_integral.
Definition gradient_mean_unbiased := @Gradient.gradient_mean_unbiased.
Definition gradient_scale_unbiased := @Gradient.gradient_scale_unbiased.
Definition reparameterized_gradient_mu_unbiased := @Gradient.reparameterized_gradient_mu_unbiased.
Definition reparameterized_gradient_logvar_unbiased :=
  @Gradient.reparameterized_gradient_logvar_unbiased.
Definition reparameterized_gradient_of_square := @Gradient.reparameterized_gradient_of_square.
Definition gradient_mu_unbiased_nd := @GradientNd.gradient_mu_unbiased_nd.
Definition gradient_logvar_unbiased_nd := @GradientNd.gradient_logvar_unbiased_nd.
Definition gradient_mu_of_square := @GradientNd.gradient_mu_of_square.
Definition gradient_logvar_of_square := @GradientNd.gradient_logvar_of_square.

(** ** The float kernel of the KL, over the reals *)

Definition kernel_polynomial_bounds := @KlKernel.kernel_polynomial_bounds.
Definition kernel_nonneg := @KlKernel.kernel_nonneg.
Definition kernel_zero_iff := @KlKernel.kernel_zero_iff.
Definition kernel_kl_nonneg := @KlKernel.kernel_kl_nonneg.
Definition kernel_kl_zero_iff := @KlKernel.kernel_kl_zero_iff.
Definition kernel_error := @KlKernelError.kernel_error.
Definition kernel_relative_error := @KlKernelError.kernel_relative_error.
Definition kernel_kl_relative_error := @KlKernelError.kernel_kl_relative_error.

(** ** The float kernel of the KL, with its float32 rounding *)

Definition computed_polynomial_error := @KlKernelFloat.computed_polynomial_error.
Definition computed_kernel_nonneg := @KlKernelFloat.computed_kernel_nonneg.
Definition computed_kernel_pos := @KlKernelFloat.computed_kernel_pos.
Definition computed_kernel_kl_nonneg := @KlKernelFloat.computed_kernel_kl_nonneg.
Definition computed_kernel_relative_error := @KlKernelFloat.computed_kernel_relative_error.

(** ** Floats that the specification computed *)

Definition float_samples := @FloatSamples.float_samples.

(** ** Resting on Coq's real numbers alone *)

Definition elementary := (
  exp_zero, exp_gt_one_plus, exp_add, log_exp, exp_log, pi_pos, abs_pos, abs_neg,
  reparameterize_diag_eq,
  variance_of_scale_eq, reconstruction_loss_eq, kl_loss_eq, sample_latent_eq_reparameterize,
  forward_eq_decoder_sample_latent, beta_vae_loss_decomposition,
  beta_vae_loss_eq_weighted_two_term, beta_vae_loss_zero_beta,
  beta_vae_loss_eq_reconstruction_of_zero_kl, beta_vae_loss_mono_beta_of_kl_nonneg,
  beta_vae_loss_matches_named_elbo_terms, exp_minus_one_minus_nonneg, exp_minus_one_minus_pos,
  coordinate_kl_to_standard_nonneg, coordinate_kl_to_standard_eq_zero_iff,
  diagonal_gaussian_kl_to_standard_sum_nonneg, diagonal_gaussian_kl_to_standard_sum_eq_zero_iff,
  weighted_two_term_zero_regularizer, weighted_two_term_zero_weight,
  weighted_two_term_mono_weight, weighted_three_term_zero_regularizer,
  weighted_three_term_zero_middle_zero_regularizer, weighted_three_term_zero_weight,
  weighted_three_term_mono_weight, mean_sum_link, diagonal_gaussian_kl_to_standard_nonneg,
  diagonal_gaussian_kl_to_standard_eq_zero_iff, variance_of_posterior_scale,
  reparameterize_standardize, standardize_reparameterize, kl_loss_nonneg, kl_loss_eq_zero_iff,
  beta_vae_loss_mono_beta, beta_vae_loss_strict_mono_beta, beta_vae_loss_nonneg,
  mean_squared_error_nonneg, mean_squared_error_eq_zero_iff, beta_negative_elbo_one,
  beta_negative_elbo_eq_weighted_two_term, beta_negative_elbo_mono, gaussian_nll_is_ln_density,
  gaussian_nll_identification, effective_beta, effective_beta_exact, loss_effective_beta,
  loss_is_negative_elbo, effective_beta_mse_mean_mean, effective_beta_mse_mean_sum,
  effective_beta_mse_sum_mean, effective_beta_mse_sum_sum, effective_beta_half_mse_sum_mean,
  effective_beta_half_mse_sum_sum, effective_beta_nll_mean_mean, effective_beta_nll_mean_sum,
  effective_beta_nll_sum_mean, effective_beta_nll_sum_sum, bernoulli_identification,
  bernoulli_normalised, bernoulli_log_density_stable, bernoulli_mass_is_integral,
  bernoulli_mass_le_half, gaussian_integral, normal_normalised, normal_mean, normal_variance,
  normal_moments, gaussian_log_density_is_ln_pdf, kl_closed_form_is_kl, evidence_pos,
  elbo_le_evidence, evidence_gap, elbo_tight, kl_nonneg, negative_elbo_bounds_evidence,
  negative_elbo_gap, negative_elbo_tight, negative_elbo_bounds_evidence_line,
  negative_elbo_gap_line, negative_elbo_tight_line, linear_gaussian_bound,
  linear_gaussian_tight, training_loss_bounds_evidence, beta_negative_elbo_bounds_evidence,
  iw_gap, importance_weighted_bound_is_log_mean_exp, iw_bound_ge_elbo, iw_bound_eq_elbo_iff,
  iw_bound_le_max, iw_bound_one, derive_integral, gradient_mean_unbiased,
  gradient_scale_unbiased, reparameterized_gradient_mu_unbiased,
  reparameterized_gradient_logvar_unbiased, reparameterized_gradient_of_square,
  kernel_polynomial_bounds, kernel_nonneg, kernel_zero_iff, kernel_kl_nonneg,
  kernel_kl_zero_iff, computed_polynomial_error, computed_kernel_nonneg, computed_kernel_pos,
  computed_kernel_kl_nonneg).

(** ** Resting on MathComp-Analysis as well *)

Definition measured := (
  scalar_reparameterization_law, diagonal_reparameterization_coordinate_law, has_int_normal,
  has_int_kl, lebesgue_of_riemann, klN_is_the_kl, jensen_ln, negative_elbo_bounds_evidence_nd,
  negative_elbo_gap_nd, negative_elbo_tight_nd, beta_negative_elbo_bounds_evidence_nd,
  gaussian_negative_elbo_bounds_evidence, gaussian_nll_negative_elbo_bounds_evidence,
  bernoulli_negative_elbo_bounds_evidence, vae_training_bound, vae_training_bound_noise,
  vae_training_bound_expectation, gaussian_nll_negative_elbo_bounds_evidence_expectation,
  gaussian_evidence_exists, expected_loss_exists, vae_training_bound_of_growth,
  linear_decoder_decodes, linear_decoder_grows, linear_decoder_expected_loss,
  linear_decoder_training_bound, emitted_sampler_law, joint_reparameterization_law,
  emitted_sampler_joint_law, vector_reparameterization_law, sample_latent_law,
  independent_normals_exist, normal_change_of_variables, sampler_change_of_variables,
  sample_latent_expectation, sample_latent_expectation_on, has_int_dot, has_int_dot_square,
  kl_zero_ae, kl_zero_iff_posterior_is_prior, kl_loss_zero_iff_posterior_is_prior,
  gradient_mu_unbiased_nd, gradient_logvar_unbiased_nd, gradient_mu_of_square,
  gradient_logvar_of_square).

(** ** Resting on Coq's primitive integers and floats as well, through Interval *)

Definition computed := (
  kernel_error, kernel_relative_error, kernel_kl_relative_error, computed_kernel_relative_error,
  float_samples).
