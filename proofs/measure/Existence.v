(** * The hypotheses of the training bound hold

    The evidence of the Gaussian decoder exists for *every* measurable decoder: the
    likelihood is bounded. The expectation of the emitted loss exists for every measurable
    decoder that grows at most linearly in z, as networks of affine maps and Lipschitz
    activations do: the loss then grows quadratically, and the posterior has a second
    moment. So for those [vae_training_bound] needs no hypothesis on integrals, and the
    bound is about two numbers that exist. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Law Product.
From Vaelid.measure Require Import GaussianNd JointLaw ChangeOfVariables Expectation Moments.
From Vaelid.base Require FiniteSums Integral Elementary.
From Vaelid.spec Require Gen GenLinks Vae Latent.
From Vaelid.objective Require GaussianNll.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Section decoder.
Variables (encoder_mean encoder_logvar decoder : vec -> vec) (D L : nat) (x : vec).
Hypothesis decodes_decoder : decodes D L decoder.
Let mu := encoder_mean x.
Let logvar := encoder_logvar x.

(** ** The evidence *)

Lemma measurable_exp : measurable_fun setT (Rtrigo_def.exp : borel -> RR).
Proof.
by apply: continuous_measurable => y; apply: derivable_continuous_pt; exact: derivable_pt_exp.
Qed.

Lemma measurable_gaussian_density s2 : Rlt 0 s2 ->
  measurable_fun setT
    (fun z : Rn L => GaussianNll.gaussian_density s2 (decoder (coord z)) x D : RR).
Proof.
move=> s0.
rewrite (_ : (fun z => _) = (fun z : Rn L =>
  Rtrigo_def.exp (Ropp (Gen.gaussian_nll D x (decoder (coord z)) (ln s2))) : RR)).
  apply: (measurable_fun_comp measurable_exp).
  by apply: measurable_funN; exact: measurable_nll.
apply/funext => z; rewrite GaussianNll.gaussian_nll_is_ln_density// Ropp_involutive exp_ln//.
exact: GaussianNll.gaussian_density_pos.
Qed.

Theorem gaussian_evidence_exists s2 : Rlt 0 s2 ->
  exists E, has_int (leb_n L)
    (fun z => Rmult (GaussianNll.gaussian_density s2 (decoder (coord z)) x D) (prior z)) E.
Proof.
move=> s0; pose M : RR := pow (Rinv (Rmult (R_sqrt.sqrt (2 * PI)) (R_sqrt.sqrt s2))) D.
apply: (@has_int_dominated _ _ (leb_n L) _ (fun z => M * prior z) (M * 1)).
- apply: measurable_funM; first exact: measurable_gaussian_density.
  exact: has_int_measurable (has_int_prior L).
- move=> z; have p0 := prior_pos z.
  have d0 := GaussianNll.gaussian_density_pos s2 (decoder (coord z)) x D s0.
  rewrite ger0_norm; last by apply/RleP; apply: Rmult_le_pos; left.
  apply/RleP; apply: Rmult_le_compat_r; first by left.
  exact: GaussianNll.gaussian_density_le.
- by apply: has_int_scal; exact: has_int_prior.
Qed.

(** ** The expected loss *)

Definition grows_linearly : Prop :=
  exists a b, forall d z, (d < D)%nat ->
    Rle (Rabs (decoder z d)) (a + b * FiniteSums.fsum (fun l => Rabs (z l)) L)%R.

Lemma has_int_fsum (f : nat -> Rn L -> RR) (a : nat -> RR) n :
  (forall l, (l < n)%nat -> has_int (leb_n L) (f l) (a l)) ->
  has_int (leb_n L) (fun z => FiniteSums.fsum (fun l => f l z) n : RR) (FiniteSums.fsum a n).
Proof.
elim: n => [|n IH] H.
  apply: (@Integral.has_eq _ (lebesgue_integral_of (leb_n L)) (fun z => Rmult 0 (prior z)) _
            (Rmult 0 1)); [by move=> z; exact: Rmult_0_l|exact: Rmult_0_l|].
  exact: has_int_scal (has_int_prior L).
by apply: has_int_plus; [apply: IH => l lin; apply: H; exact: leqW|exact: H].
Qed.

Lemma dot_unit l (u : vec) : (l < L)%nat ->
  dot L (fun i => if i == l then 1%R else 0%R) u = u l.
Proof.
rewrite /dot; elim: L => [//|n IH]; rewrite ltnS leq_eqVlt => /orP[/eqP->|lin] /=.
  rewrite eqxx (FiniteSums.fsum_ext _ (fun=> 0%R)) => [|i /ssrnat.ltP lt_in].
    by rewrite FiniteSums.fsum_const; ring.
  by rewrite (ltn_eqF lt_in); ring.
by rewrite IH// eq_sym (ltn_eqF lin); ring.
Qed.

(** The posterior's second moment, summed over the coordinates. *)
Lemma has_int_squares : exists s, has_int (leb_n L)
  (fun z => Rmult (posterior mu logvar z)
              (FiniteSums.fsum (fun l => pow (coord z l) 2) L)) s.
Proof.
pose w (l i : nat) : R := if i == l then 1%R else 0%R.
pose m l := Rplus (pow (0 + dot L (w l) mu) 2)
  (FiniteSums.fsum (fun i => Rmult (pow (w l i) 2) (Rtrigo_def.exp (logvar i))) L).
exists (FiniteSums.fsum m L).
apply: (@has_int_ext _ _ _ (fun z => FiniteSums.fsum
  (fun l => Rmult (posterior mu logvar z) (pow (0 + dot L (w l) (coord z)) 2)) L : RR)).
  move=> z; rewrite FiniteSums.fsum_scal; congr Rmult.
  by apply: FiniteSums.fsum_ext => l /ssrnat.ltP lin; rewrite dot_unit// Rplus_0_l.
by apply: has_int_fsum => l _; exact: has_int_dot_square.
Qed.

Theorem expected_loss_exists beta : Peano.lt 0 D -> grows_linearly ->
  exists total, has_int (leb_n L)
    (fun e => Rmult (prior e)
       (Gen.loss D L encoder_mean encoder_logvar decoder beta x (coord e))) total.
Proof.
move=> D0 [a [b G]].
pose kl := Gen.diagonal_gaussian_kl_to_standard L mu logvar.
pose c := (4 * a ^ 2 + 2 * FiniteSums.fmean (fun d => pow (x d) 2) D + Rabs (beta * kl))%R.
pose k := (4 * b ^ 2 * INR L)%R.
have [s Hs] := has_int_squares.
pose loss_of (z : vec) : RR := Rplus (Gen.mean_squared_error D (decoder z) x) (Rmult beta kl).
have [total H] : exists total, has_int (leb_n L)
    (fun z => Rmult (posterior mu logvar z) (loss_of (coord z))) total.
  apply: (@has_int_dominated _ _ (leb_n L) _ (fun z =>
    Rplus (Rmult c (posterior mu logvar z))
      (Rmult k (Rmult (posterior mu logvar z)
        (FiniteSums.fsum (fun l => pow (coord z l) 2) L)))) (Rplus (Rmult c 1) (Rmult k s))).
  - apply: measurable_funM; first exact: has_int_measurable (has_int_posterior mu logvar L).
    exact: measurable_loss.
  - move=> z; have p0 := posterior_nonneg mu logvar z.
    have m0 := Vae.mean_squared_error_nonneg D (decoder (coord z)) x D0.
    have m1 := Vae.mean_squared_error_growth D L (decoder (coord z)) x (coord z) a b D0
                 (fun d lt_dD => G d (coord z) (introT ssrnat.ltP lt_dD)).
    apply/RleP; rewrite -[normr _]/(Rabs _) Rabs_mult (Rabs_pos_eq _ p0).
    apply: Rle_trans (Rmult_le_compat_l _ _ (Rplus c (Rmult k
      (FiniteSums.fsum (fun l => pow (coord z l) 2) L))) p0 _) _; last by right; ring.
    apply: Rle_trans (Rabs_triang _ _) _; rewrite (Rabs_pos_eq _ m0) /c /k.
    by apply: Rle_trans (Rplus_le_compat_r _ _ _ m1) _; right; ring.
  - by apply: has_int_plus; apply: has_int_scal => //; exact: has_int_posterior.
exists total.
have T := sample_latent_expectation encoder_mean encoder_logvar decoder x total
            (reads_only_loss encoder_mean encoder_logvar x decodes_decoder beta)
            (measurable_loss encoder_mean encoder_logvar x decodes_decoder beta).
by apply: has_int_ext (T.1 H) => e; rewrite loss_at_noise.
Qed.

(** The training bound without a hypothesis on integrals. *)
Theorem vae_training_bound_of_growth beta :
  Rlt 0 beta -> Peano.lt 0 D -> Peano.lt 0 L -> grows_linearly ->
  let s2 := GaussianNll.elbo_variance beta D L in
  exists E total,
    has_int (leb_n L)
      (fun z => Rmult (GaussianNll.gaussian_density s2 (decoder (coord z)) x D) (prior z)) E /\
    has_int (leb_n L)
      (fun e => Rmult (prior e)
         (Gen.loss D L encoder_mean encoder_logvar decoder beta x (coord e))) total /\
    Rlt 0 E /\
    Rle (Rminus (Rmult (Ropp (Rdiv beta (INR L))) (ln E))
                (Rmult s2 (ln (Rmult (Rmult (IZR 2) PI) s2)))) total.
Proof.
move=> b0 D0 L0 G s2.
have [E HE] := gaussian_evidence_exists (GaussianNll.elbo_variance_pos beta D L b0 D0 L0).
have [total Ht] := expected_loss_exists beta D0 G.
exists E, total; do 2!split=> //.
exact: (vae_training_bound_noise decodes_decoder b0 D0 L0 HE Ht).
Qed.
End decoder.
