(** * Expectations over the noise, as training draws it

    E_q[G(z)] is the expectation of G at the *emitted* sample: against the standard normal
    density of eps, and on any probability space with independent N(0, 1) noise. So
    [vae_training_bound] and the bound of the sum convention hold of the emitted loss at
    eps ~ N(0, I), with no change of variables left to the reader.

    What was a function of an array of length L is here a function of a sequence; that the
    decoder reads the first L entries only, and is measurable, are hypotheses. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Law Product.
From Vaelid.measure Require Import DensityMeasure GaussianNd JointLaw VectorLaw.
From Vaelid.measure Require Import ChangeOfVariables TrainingNd.
From Vaelid.base Require FiniteSums.
From Vaelid.spec Require Gen GenLinks Vae.
From Vaelid.objective Require GaussianNll.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** ** Functions of the first L coordinates *)

Definition reads_only (L : nat) (G : vec -> RR) : Prop :=
  forall u v : vec, (forall i, (i < L)%nat -> u i = v i) -> G u = G v.

(** A decoder of L latents to D coordinates: measurable, and it reads nothing else. *)
Definition decodes (D L : nat) (decoder : vec -> vec) : Prop :=
  forall d, (d < D)%nat ->
    reads_only L (fun z => decoder z d) /\
    measurable_fun setT (fun z : Rn L => decoder (coord z) d).

Lemma measurable_fsum d (T : measurableType d) (f : nat -> T -> RR) n :
  (forall i, (i < n)%nat -> measurable_fun setT (f i)) ->
  measurable_fun setT (fun z => FiniteSums.fsum (fun i => f i z) n : RR).
Proof.
elim: n => [|n IH] mf; first exact: measurable_fun_cst.
by apply: measurable_funD; [apply: IH => i lin; apply: mf; exact: leqW|exact: mf].
Qed.

Section decoder.
Variables (D L : nat) (decoder : vec -> vec) (x : vec).
Hypothesis decodes_decoder : decodes D L decoder.

Lemma reads_only_mse : reads_only L (fun z => Gen.mean_squared_error D (decoder z) x).
Proof.
move=> u v E; apply: Vae.mean_squared_error_ext => d /ssrnat.ltP lt_dD.
exact: (decodes_decoder lt_dD).1.
Qed.

Lemma measurable_mse :
  measurable_fun setT (fun z : Rn L => Gen.mean_squared_error D (decoder (coord z)) x : RR).
Proof.
under eq_fun do rewrite GenLinks.mean_squared_error_eq.
apply: (@measurable_funM _ _ _ setT _ (fun=> Rinv (INR D))); last exact: measurable_fun_cst.
apply: measurable_fsum => d lt_dD.
have m := (decodes_decoder lt_dD).2.
have m1 : measurable_fun setT (fun z : Rn L => decoder (coord z) d - x d).
  by apply: measurable_funB => //; exact: measurable_fun_cst.
rewrite (_ : (fun z => _) = (fun z : Rn L => (decoder (coord z) d - x d) ^+ 2)).
  exact: measurable_fun_sqr.
by apply/funext => z /=; rewrite Rmult_1_r.
Qed.

Lemma reads_only_nll log_variance :
  reads_only L (fun z => Gen.gaussian_nll D x (decoder z) log_variance).
Proof.
move=> u v E; rewrite !GenLinks.gaussian_nll_eq; congr Ropp.
apply: FiniteSums.fsum_ext => d /ssrnat.ltP lt_dD.
by rewrite ((decodes_decoder lt_dD).1 u v E).
Qed.

Lemma gaussian_nll_affine log_variance z :
  Gen.gaussian_nll D x (decoder z) log_variance =
    (FiniteSums.fsum (fun d => Rmult (Rmult (decoder z d - x d) (decoder z d - x d))
       (Rmult (Rtrigo_def.exp (- log_variance)) (/ IZR 2)))%R D
     + INR D * ((log_variance + ln (2 * PI)) / 2))%R.
Proof.
rewrite GenLinks.gaussian_nll_eq -FiniteSums.fsum_opp -FiniteSums.fsum_const.
rewrite -FiniteSums.fsum_plus; apply: FiniteSums.fsum_ext => d _.
rewrite GenLinks.gaussian_log_density_eq Rpow_mult_distr.
rewrite (_ : pow (Rtrigo_def.exp _) 2 = Rtrigo_def.exp (Ropp log_variance)); first by field.
exact: Elementary.exp_half_pow.
Qed.

Lemma measurable_nll log_variance :
  measurable_fun setT
    (fun z : Rn L => Gen.gaussian_nll D x (decoder (coord z)) log_variance : RR).
Proof.
under eq_fun do rewrite gaussian_nll_affine.
apply: measurable_funD; last exact: measurable_fun_cst.
apply: measurable_fsum => d lt_dD.
have m := (decodes_decoder lt_dD).2.
have m1 : measurable_fun setT (fun z : Rn L => decoder (coord z) d - x d).
  by apply: measurable_funB => //; exact: measurable_fun_cst.
apply: measurable_funM; last exact: measurable_fun_cst.
exact: measurable_funM.
Qed.
End decoder.

(** ** The expectation of a function of the emitted sample *)

Section sample.
Variables (encoder_mean encoder_logvar decoder : vec -> vec) (x : vec) (L : nat).
Variables (G : vec -> RR) (l : RR).
Hypothesis reads_only_G : reads_only L G.
Hypothesis measurable_G : measurable_fun setT (fun z : Rn L => G (coord z)).
Let mu := encoder_mean x.
Let logvar := encoder_logvar x.
Let sample (eps : vec) : vec := Gen.sample_latent encoder_mean encoder_logvar decoder x eps.

Lemma sampleE eps i : sample eps i = Gen.reparameterize_diag mu logvar eps i.
Proof. by rewrite /sample GenLinks.sample_latent_eq_reparameterize. Qed.

(** Against the standard normal density of the noise. *)
Theorem sample_latent_expectation :
  has_int (leb_n L) (fun z => Rmult (posterior mu logvar z) (G (coord z))) l <->
  has_int (leb_n L) (fun e => Rmult (prior e) (G (sample (coord e)))) l.
Proof.
have := sampler_change_of_variables mu logvar l measurable_G.
rewrite (_ : (fun e => Rmult (prior e) (G (coord (sampler_map mu logvar L e)))) =
             (fun e => Rmult (prior e) (G (sample (coord e)))))//.
apply/funext => e; congr Rmult; apply: reads_only_G => i lin.
by rewrite sampleE coord_sampler_map.
Qed.

(** On any probability space, for independent N(0, 1) noise. *)
Theorem sample_latent_expectation_on d (Omega : measurableType d)
    (P : {measure set Omega -> \bar real_realType}) (eps : nat -> Omega -> borel) :
  (forall i, (i < L)%nat -> has_law P (eps i) (gaussian_law 0 1)) -> independent P L eps ->
  has_int (leb_n L) (fun z => Rmult (posterior mu logvar z) (G (coord z))) l <->
  has_int P (fun w => G (sample (fun j => eps j w))) l.
Proof.
move=> eps_law eps_independent.
pose m := vector_measure (pdf_pos mu logvar) (pdf_one mu logvar) L.
pose X i w : borel := if (i < L)%nat then sample (fun j => eps j w) i else 0.
have mX i : measurable_fun setT (X i).
  rewrite /X; have [lin|_] := boolP (i < L)%nat; last exact: measurable_fun_cst.
  have := (emitted_sampler_law mu logvar eps_law lin).1.
  by under eq_fun do rewrite -sampleE.
have mV := @measurable_vector _ _ L X mX.
have law B : measurable B -> m B = pushforward P mV B.
  move=> mB; rewrite /pushforward /m.
  rewrite -[LHS](vector_reparameterization_law eps_law eps_independent mu logvar mB).
  congr (P (_ @^-1` B)); apply/funext => w; apply: vector_ext => i lin.
  by rewrite /X lin sampleE.
have H (h : Rn L -> \bar real_realType) : measurable_fun setT h -> (forall z, 0 <= h z)%E ->
    (\int[m]_z h z = \int[P]_w ((1 : RR)%:E * h (vector L X w)))%E.
  move=> mh h0; rewrite (@eq_measure_integral _ _ _ setT [the measure _ _ of pushforward P mV]);
    last by move=> B mB _; exact: law.
  by rewrite integral_pushforward//; apply: eq_integral => w _; rewrite mul1e.
have c0 (w : Omega) : 0 <= (fun=> 1 : RR) w by exact: ler01.
have mc : measurable_fun setT ((fun=> 1) : Omega -> RR) by exact: measurable_fun_cst.
have T1 := has_int_transfer c0 mc mV H l measurable_G.
have T2 := @has_int_density_measure _ _ (leb_n L) _ 1 (@density_nonneg _ (pdf_pos mu logvar) L)
             (has_int_density L (pdf_one mu logvar)) (fun z => G (coord z)) l measurable_G.
rewrite (_ : (fun w => G (sample _)) = (fun w => 1 * G (coord (vector L X w)))); last first.
  apply/funext => w; rewrite mul1r; apply: reads_only_G => i lin.
  by rewrite coord_vector// /X lin.
by rewrite -T1 /m -T2.
Qed.
End sample.

(** ** The training bound, and the bound of the sum convention, over the noise *)

Section bounds.
Variables (encoder_mean encoder_logvar decoder : vec -> vec) (D L : nat) (x : vec).
Hypothesis decodes_decoder : decodes D L decoder.
Let mu := encoder_mean x.
Let logvar := encoder_logvar x.
Let kl := Gen.diagonal_gaussian_kl_to_standard_sum L mu logvar.

(** The emitted loss at the noise eps is a function of the sampled latent. *)
Let loss_of_latent beta (z : vec) : RR :=
  Rplus (Gen.mean_squared_error D (decoder z) x)
        (Rmult beta (Gen.diagonal_gaussian_kl_to_standard L mu logvar)).

Lemma loss_at_noise beta eps :
  Gen.loss D L encoder_mean encoder_logvar decoder beta x eps =
    loss_of_latent beta (Gen.sample_latent encoder_mean encoder_logvar decoder x eps).
Proof.
rewrite GenLinks.beta_vae_loss_decomposition GenLinks.reconstruction_loss_eq.
by rewrite GenLinks.kl_loss_eq GenLinks.forward_eq_decoder_sample_latent.
Qed.

Lemma reads_only_loss beta : reads_only L (loss_of_latent beta).
Proof. by move=> u v E; rewrite /loss_of_latent (reads_only_mse x decodes_decoder E). Qed.

Lemma measurable_loss beta : measurable_fun setT (fun z : Rn L => loss_of_latent beta (coord z)).
Proof.
apply: measurable_funD; first exact: measurable_mse.
exact: measurable_fun_cst.
Qed.

Lemma loss_of_latent_at beta z :
  Gen.loss D L encoder_mean encoder_logvar decoder beta x
    (Vae.noise_at encoder_mean encoder_logvar x z) = loss_of_latent beta z.
Proof. by rewrite loss_at_noise Vae.sample_latent_noise_at. Qed.

Section training.
Variables (beta E total : RR).
Hypothesis beta_pos : Rlt 0 beta.
Hypothesis D_pos : Peano.lt 0 D.
Hypothesis L_pos : Peano.lt 0 L.
Let s2 := GaussianNll.elbo_variance beta D L.
Hypothesis evidence_is : has_int (leb_n L)
  (fun z => Rmult (GaussianNll.gaussian_density s2 (decoder (coord z)) x D) (prior z)) E.
Let bound := Rminus (Rmult (Ropp (Rdiv beta (INR L))) (ln E))
                    (Rmult s2 (ln (Rmult (Rmult (IZR 2) PI) s2))).

Let from_latent :
  has_int (leb_n L) (fun z => Rmult (posterior mu logvar z) (loss_of_latent beta (coord z)))
    total ->
  Rlt 0 E /\ Rle bound total.
Proof.
move=> H; apply: (@vae_training_bound encoder_mean encoder_logvar decoder D L beta x E total
                    beta_pos D_pos L_pos evidence_is).
by apply: has_int_ext H => z; rewrite loss_of_latent_at.
Qed.

(** The expectation against the standard normal density of the noise. *)
Theorem vae_training_bound_noise :
  has_int (leb_n L)
    (fun e => Rmult (prior e)
       (Gen.loss D L encoder_mean encoder_logvar decoder beta x (coord e))) total ->
  Rlt 0 E /\ Rle bound total.
Proof.
move=> H; apply: from_latent.
apply/(sample_latent_expectation encoder_mean encoder_logvar decoder x total
         (@reads_only_loss beta) (@measurable_loss beta)).
by apply: has_int_ext H => e; rewrite loss_at_noise.
Qed.

(** On any probability space with independent N(0, 1) noise. *)
Theorem vae_training_bound_expectation d (Omega : measurableType d)
    (P : {measure set Omega -> \bar real_realType}) (eps : nat -> Omega -> borel) :
  (forall i, (i < L)%nat -> has_law P (eps i) (gaussian_law 0 1)) -> independent P L eps ->
  has_int P
    (fun w => Gen.loss D L encoder_mean encoder_logvar decoder beta x (fun j => eps j w)) total ->
  Rlt 0 E /\ Rle bound total.
Proof.
move=> eps_law eps_independent H; apply: from_latent.
apply/(sample_latent_expectation_on encoder_mean encoder_logvar decoder x total
         (@reads_only_loss beta) (@measurable_loss beta) eps_law eps_independent).
by apply: has_int_ext H => w; rewrite loss_at_noise.
Qed.
End training.

(** The negative ELBO of the likelihood "gaussian", one draw at a time. *)
Theorem gaussian_nll_negative_elbo_bounds_evidence_expectation d (Omega : measurableType d)
    (P : {measure set Omega -> \bar real_realType}) (eps : nat -> Omega -> borel)
    (log_variance E total : RR) :
  (forall i, (i < L)%nat -> has_law P (eps i) (gaussian_law 0 1)) -> independent P L eps ->
  has_int (leb_n L)
    (fun z => Rmult (Rtrigo_def.exp (Ropp (Gen.gaussian_nll D x (decoder (coord z))
                                             log_variance))) (prior z)) E ->
  has_int P
    (fun w => Gen.negative_elbo
       (Gen.gaussian_nll D x
          (Gen.forward encoder_mean encoder_logvar decoder x (fun j => eps j w)) log_variance)
       kl) total ->
  Rlt 0 E /\ Rle (Ropp (ln E)) total.
Proof.
move=> eps_law eps_independent HE H.
pose G (z : vec) : RR := Rplus (Gen.gaussian_nll D x (decoder z) log_variance) kl.
have rG : reads_only L G.
  by move=> u v E'; rewrite /G (reads_only_nll x decodes_decoder log_variance E').
have mG : measurable_fun setT (fun z : Rn L => G (coord z)).
  by apply: measurable_funD; [exact: measurable_nll|exact: measurable_fun_cst].
apply: (@gaussian_nll_negative_elbo_bounds_evidence encoder_mean encoder_logvar D L x E total
          decoder log_variance HE).
have T := sample_latent_expectation_on encoder_mean encoder_logvar decoder x total rG mG
            eps_law eps_independent.
have {}H : has_int P (fun w => G (Gen.sample_latent encoder_mean encoder_logvar decoder x
                                    (fun j => eps j w))) total.
  apply: has_int_ext H => w.
  by rewrite GenLinks.negative_elbo_eq GenLinks.forward_eq_decoder_sample_latent.
by apply: has_int_ext (T.2 H) => z; rewrite GenLinks.negative_elbo_eq.
Qed.
End bounds.
