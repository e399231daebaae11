(** * A decoder that uses z, for which everything holds: x_hat = W z + b

    Any encoder, any D and L, any weights: the decoder is measurable and grows linearly, so
    that [Existence] applies; the expectation of the emitted loss has the closed form
    mean_d ((W mu + b - x)_d^2 + sum_l W_dl^2 exp(logvar_l)) + beta * kl; and the training
    bound holds of that number, with no hypothesis left. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Product.
From Vaelid.measure Require Import GaussianNd Expectation Moments Existence.
From Vaelid.base Require FiniteSums Integral.
From Vaelid.spec Require Gen GenLinks Vae.
From Vaelid.objective Require GaussianNll.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Section linear.
Variables (D L : nat) (W : nat -> vec) (b : vec).

Definition linear_decoder (z : vec) : vec := fun d => Rplus (b d) (dot L (W d) z).

Lemma measurable_dot (w : vec) : measurable_fun setT (fun z : Rn L => dot L w (coord z) : RR).
Proof.
apply: measurable_fsum => l _.
apply: measurable_funM; [exact: measurable_fun_cst|exact: measurable_coord].
Qed.

Theorem linear_decoder_decodes : decodes D L linear_decoder.
Proof.
move=> d _; split.
  move=> u v E; rewrite /linear_decoder; congr Rplus.
  by apply: FiniteSums.fsum_ext => l /ssrnat.ltP lin; rewrite (E l lin).
by apply: measurable_funD; [exact: measurable_fun_cst|exact: measurable_dot].
Qed.

Lemma abs_dot_le (w z : vec) :
  Rle (Rabs (dot L w z))
      (Rmult (FiniteSums.fsum (fun l => Rabs (w l)) L) (FiniteSums.fsum (fun l => Rabs (z l)) L)).
Proof.
rewrite /dot; elim: L => [|n IH] /=; first by rewrite Rabs_R0; right; ring.
have A0 := FiniteSums.fsum_nonneg (fun l => Rabs (w l)) n (fun i _ => Rabs_pos (w i)).
have Z0 := FiniteSums.fsum_nonneg (fun l => Rabs (z l)) n (fun i _ => Rabs_pos (z i)).
apply: Rle_trans (Rabs_triang _ _) _; rewrite Rabs_mult.
apply: Rle_trans (Rplus_le_compat_r _ _ _ IH) _.
have P1 := Rmult_le_pos _ _ A0 (Rabs_pos (z n)).
have P2 := Rmult_le_pos _ _ (Rabs_pos (w n)) Z0.
set A := FiniteSums.fsum _ n in P1 *; set Z := FiniteSums.fsum _ n in P2 *.
by rewrite Rmult_plus_distr_l !Rmult_plus_distr_r; Psatz.lra.
Qed.

Lemma le_fsum (f : nat -> R) n d : (forall i, Rle 0 (f i)) -> (d < n)%nat ->
  Rle (f d) (FiniteSums.fsum f n).
Proof.
move=> f0; elim: n => [//|n IH]; rewrite ltnS leq_eqVlt /= => /orP[/eqP->|/IH H].
  have := FiniteSums.fsum_nonneg f n (fun i _ => f0 i); Psatz.lra.
have := f0 n; Psatz.lra.
Qed.

Theorem linear_decoder_grows : grows_linearly linear_decoder D L.
Proof.
pose weight d := FiniteSums.fsum (fun l => Rabs (W d l)) L.
have weight0 d : Rle 0 (weight d).
  by apply: FiniteSums.fsum_nonneg => l _; exact: Rabs_pos.
exists (FiniteSums.fsum (fun d => Rabs (b d)) D), (FiniteSums.fsum weight D) => d z lt_dD.
have Z0 := FiniteSums.fsum_nonneg (fun l => Rabs (z l)) L (fun l _ => Rabs_pos (z l)).
apply: Rle_trans (Rabs_triang _ _) _; apply: Rplus_le_compat.
  exact: (@le_fsum (fun d => Rabs (b d)) D d (fun i => Rabs_pos (b i)) lt_dD).
apply: Rle_trans (abs_dot_le _ _) _; apply: Rmult_le_compat_r => //.
exact: (@le_fsum weight D d weight0 lt_dD).
Qed.

(** ** The expected loss, in closed form *)

Variables (encoder_mean encoder_logvar : vec -> vec) (x : vec).
Let mu := encoder_mean x.
Let logvar := encoder_logvar x.

Definition linear_expected_loss (beta : RR) : RR :=
  Rplus (FiniteSums.fmean (fun d =>
           Rplus (pow (Rminus (linear_decoder mu d) (x d)) 2)
                 (FiniteSums.fsum (fun l =>
                    Rmult (pow (W d l) 2) (Rtrigo_def.exp (logvar l))) L)) D)
        (Rmult beta (Gen.diagonal_gaussian_kl_to_standard L mu logvar)).

Theorem linear_decoder_expected_loss beta :
  has_int (leb_n L)
    (fun e => Rmult (prior e)
       (Gen.loss D L encoder_mean encoder_logvar linear_decoder beta x (coord e)))
    (linear_expected_loss beta).
Proof.
pose I := lebesgue_integral_of (leb_n L).
pose c := Rmult beta (Gen.diagonal_gaussian_kl_to_standard L mu logvar).
pose loss_of (z : vec) : RR := Rplus (Gen.mean_squared_error D (linear_decoder z) x) c.
have Hz : has_int (leb_n L) (fun z => Rmult (posterior mu logvar z) (loss_of (coord z)))
                  (linear_expected_loss beta).
  have Hd d := has_int_dot_square mu logvar L (Rminus (b d) (x d)) (W d).
  have Hs := has_int_fsum (fun d (_ : (d < D)%nat) => Hd d).
  apply: (@Integral.has_lin _ I (Rinv (INR D)) c _ _ _ _ _ _ Hs
            (has_int_posterior mu logvar L)).
    move=> z; rewrite FiniteSums.fsum_scal /loss_of GenLinks.mean_squared_error_eq.
    rewrite /FiniteSums.fmean (FiniteSums.fsum_ext _ (fun d =>
      pow (Rplus (Rminus (b d) (x d)) (dot L (W d) (coord z))) 2)).
      by rewrite /Rdiv; ring.
    by move=> d _; rewrite /linear_decoder; ring.
  rewrite /linear_expected_loss /FiniteSums.fmean -/c -[X in Rmult c X]/(IZR 1).
  rewrite (FiniteSums.fsum_ext _ (fun d =>
    Rplus (pow (Rplus (Rminus (b d) (x d)) (dot L (W d) mu)) 2)
          (FiniteSums.fsum (fun l => Rmult (pow (W d l) 2) (Rtrigo_def.exp (logvar l))) L))).
    by rewrite /Rdiv; ring.
  by move=> d _; rewrite /linear_decoder; congr Rplus; ring.
have T := sample_latent_expectation encoder_mean encoder_logvar linear_decoder x
            (linear_expected_loss beta)
            (reads_only_loss encoder_mean encoder_logvar x linear_decoder_decodes beta)
            (measurable_loss encoder_mean encoder_logvar x linear_decoder_decodes beta).
by apply: has_int_ext (T.1 Hz) => e; rewrite loss_at_noise.
Qed.

(** The training bound, of a number, with no hypothesis on integrals. *)
Theorem linear_decoder_training_bound beta :
  Rlt 0 beta -> Peano.lt 0 D -> Peano.lt 0 L ->
  let s2 := GaussianNll.elbo_variance beta D L in
  exists E,
    has_int (leb_n L)
      (fun z => Rmult (GaussianNll.gaussian_density s2 (linear_decoder (coord z)) x D)
                      (prior z)) E /\
    Rlt 0 E /\
    Rle (Rminus (Rmult (Ropp (Rdiv beta (INR L))) (ln E))
                (Rmult s2 (ln (Rmult (Rmult (IZR 2) PI) s2)))) (linear_expected_loss beta).
Proof.
move=> b0 D0 L0 s2.
have [E HE] := gaussian_evidence_exists x linear_decoder_decodes
                 (GaussianNll.elbo_variance_pos beta D L b0 D0 L0).
exists E; split=> //.
exact: (vae_training_bound_noise linear_decoder_decodes b0 D0 L0 HE
          (linear_decoder_expected_loss beta)).
Qed.
End linear.
