(** * The law of the whole sampled latent, on every measurable set of R^n

    A measure that is a product on rectangles is the product everywhere. So, for independent
    standard normal noise, the emitted sample has the density [posterior]: the one in the
    ELBO and in the KL. Such noise exists for every n: the coordinates of R^n under the
    measure with density [prior]. *)
From Vaelid.measure Require Import Prelude LebesgueIntegral LebesgueLine Law Product.
From Vaelid.measure Require Import DensityMeasure GaussianNd JointLaw.
From Vaelid.base Require Elementary.
From Vaelid.spec Require Gen GenLinks.
From Vaelid.gauss Require Normal NormalKl.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

(** ** The point of R^n with given coordinates *)

Section vector.
Context {Omega : Type}.

Fixpoint vector (n : nat) (X : nat -> Omega -> borel) : Omega -> Rn n :=
  match n return Omega -> Rn n with
  | O => fun _ => 0
  | k.+1 => fun w => (vector k X w, X k w)
  end.

Lemma coord_vector n X w i : (i < n)%nat -> coord (vector n X w) i = X i w.
Proof.
elim: n => [//|n IH]; rewrite ltnS leq_eqVlt /=.
by case: eqVneq => [->//|_ /= lin]; exact: IH.
Qed.

Lemma vector_ext n X Y w : (forall i, (i < n)%nat -> X i w = Y i w) -> vector n X w = vector n Y w.
Proof. by elim: n => [//|n IH] E /=; rewrite IH ?E// => i lin; exact: E (leqW lin). Qed.
End vector.

Lemma measurable_vector d (Omega : measurableType d) n (X : nat -> Omega -> borel) :
  (forall i, measurable_fun setT (X i)) -> measurable_fun setT (vector n X).
Proof.
move=> mX; elim: n => [|n IH]; first exact: measurable_fun_cst.
by apply/(prod_measurable_funP (vector n.+1 X)); split; [exact: IH|exact: mX].
Qed.

(** ** A product on rectangles is the product everywhere *)

Section factor.
Variable f : nat -> RR -> RR.
Hypothesis f_pos : forall i x, Rlt 0 (f i x).
Hypothesis f_one : forall i, has_int leb (f i) 1.
Context d (Omega : measurableType d).
Variable X : nat -> Omega -> borel.
Hypothesis mX : forall i, measurable_fun setT (X i).

Lemma factor_everywhere n (Q : {measure set Omega -> \bar real_realType}) (r : {nonneg RR}) :
  (forall A, (forall i, measurable (A i)) ->
     Q [set w | forall i, (i < n)%nat -> A i (X i w)] =
       (r%:num%:E * \big[*%E/1%E]_(i < n) coord_measure f_pos f_one i (A i))%E) ->
  forall B, measurable B ->
    Q (vector n X @^-1` B) = (r%:num%:E * vector_measure f_pos f_one n B)%E.
Proof.
elim: n Q r => [|n IH] Q r HQ B mB.
  have QT : Q setT = r%:num%:E.
    have := HQ (fun=> setT) (fun=> measurableT).
    by rewrite big_ord0 mule1 (_ : [set w | _] = setT)//; apply/seteqP; split.
  rewrite /vector_measure/= /with_density integral_dirac//; last first.
    by apply/EFin_measurable_fun; exact: measurable_fun_cst.
  rewrite mule1 indicE /=.
  have -> : (fun=> 0) @^-1` B = if (0 : borel) \in B then setT else set0 :> set Omega.
    by apply/seteqP; split=> w /=; case: ifPn; rewrite ?inE// notin_set.
  by case: ifP => _; rewrite ?QT ?mule1// measure0 mule0.
pose m1 := [the measure _ _ of mscale r (vector_measure f_pos f_one n)].
have sm1 : sigma_finite setT m1.
  exists (fun=> setT); first by apply/esym/seteqP; split=> // x _; exists 0%nat.
  move=> _; split=> //.
  by rewrite /m1/= /mscale/= (vector_measure_total f_pos f_one) mule1 ltry.
have sm2 := probability_sigma_finite (coord_measure_total f_pos f_one n).
pose q := [the measure _ _ of pushforward Q (@measurable_vector _ _ n.+1 X mX)].
pose v := [the measure _ _ of mscale r (vector_measure f_pos f_one n.+1)].
have Eq A1 A2 : measurable A1 -> measurable A2 ->
    q (A1 `*` A2) = (m1 A1 * coord_measure f_pos f_one n A2)%E.
  move=> mA1 mA2; rewrite /q/= /pushforward/=.
  have mB2 : measurable (X n @^-1` A2) by rewrite -[Y in measurable Y]setTI; exact: mX.
  have fin := coord_measure_fin f_pos f_one n mA2.
  have nn : 0 <= r%:num * fine (coord_measure f_pos f_one n A2).
    by rewrite mulr_ge0// fine_ge0// measure_ge0.
  have := IH [the measure _ _ of mrestr Q mB2] (NngNum nn) _ _ mA1.
  rewrite /= EFinM (fineK fin) => H.
  rewrite (_ : _ @^-1` _ = vector n X @^-1` A1 `&` X n @^-1` A2); last first.
    by apply/seteqP; split.
  rewrite -/(mrestr Q mB2 (vector n X @^-1` A1)) H.
    by rewrite /mscale/= -!muleA [Y in (_ * Y)%E]muleC.
  move=> A mA; pose A' i := if i == n then A2 else A i.
  have mA' i : measurable (A' i) by rewrite /A'; case: ifP.
  rewrite /mrestr (_ : _ `&` _ = [set w | forall i, (i < n.+1)%nat -> A' i (X i w)]); last first.
    apply/seteqP; split=> w /=.
      move=> [H1 H2] i; rewrite ltnS leq_eqVlt /A'; case: eqVneq => [->//|_ /= lin].
      exact: H1.
    move=> H1; split; last by have := H1 n (leqnn _); rewrite /A' eqxx.
    by move=> i lin; have := H1 i (leqW lin); rewrite /A' (ltn_eqF lin).
  rewrite (HQ _ mA') big_ord_recr /= /A' eqxx -muleA [Y in (_ * Y)%E = _]muleC.
  congr (_ * (_ * _))%E; apply: eq_bigr => i _.
  by rewrite (ltn_eqF (ltn_ord i)).
have Ev A1 A2 : measurable A1 -> measurable A2 ->
    v (A1 `*` A2) = (m1 A1 * coord_measure f_pos f_one n A2)%E.
  by move=> mA1 mA2; rewrite /v/m1/= /mscale -muleA -vector_measure_rectangle.
have U1 := product_measure_unique sm1 sm2 Eq mB.
have U2 := product_measure_unique sm1 sm2 Ev mB.
by rewrite -[LHS]/(q B) -U1 U2.
Qed.
End factor.

(** ** The standard normal measure on R^n, and noise with this law *)

Lemma standard_pos (i : nat) x : Rlt 0 (Normal.normal_pdf (IZR 0) (IZR 1) x).
Proof. exact: NormalKl.standard_pdf_pos. Qed.
Lemma standard_one (i : nat) : has_int leb (Normal.normal_pdf (IZR 0) (IZR 1)) 1.
Proof. exact: has_int_normal Rlt_0_1. Qed.

(** The measure on R^n with density [prior]. *)
Definition standard_normal (n : nat) : {measure set (Rn n) -> \bar real_realType} :=
  vector_measure standard_pos standard_one n.

Lemma standard_normalE n A : standard_normal n A = (\int[leb_n n]_(z in A) (prior z)%:E)%E.
Proof. by []. Qed.

Lemma standard_normal_total n : standard_normal n setT = 1%E.
Proof. exact: vector_measure_total. Qed.

Lemma standard_coordE i A : coord_measure standard_pos standard_one i A = gaussian_law 0 1 A.
Proof. by rewrite gaussian_law_standard. Qed.

Lemma standard_normal_rectangle n A : (forall i, measurable (A i)) ->
  standard_normal n (rectangle n A) = (\big[*%E/1%E]_(i < n) gaussian_law 0 1 (A i))%E.
Proof.
move=> mA; rewrite /standard_normal vector_measure_prod//.
by apply: eq_bigr => i _; rewrite standard_coordE.
Qed.

(** One coordinate: a rectangle whose other sides are the whole line. *)
Lemma standard_normal_coord n i A : (i < n)%nat -> measurable A ->
  standard_normal n ((fun z => coord z i) @^-1` A) = gaussian_law 0 1 A.
Proof.
move=> lin mA; pose B j := if j == i then A else setT.
have mB j : measurable (B j) by rewrite /B; case: ifP.
have -> : (fun z => coord z i) @^-1` A = rectangle n B.
  apply/seteqP; split=> z /= H; first by move=> j _; rewrite /B; case: eqVneq => [->|].
  by have := H i lin; rewrite /B eqxx.
rewrite standard_normal_rectangle// (bigD1 (Ordinal lin))//= {1}/B eqxx big1 ?mule1// => j ji.
have -> : B j = setT by rewrite /B -[i]/(val (Ordinal lin)) val_eqE (negbTE ji).
exact: gaussian_law_standard_total.
Qed.

(** For every n there are n independent standard normal variables. *)
Theorem independent_normals_exist n :
  standard_normal n setT = 1%E /\
  (forall i, (i < n)%nat ->
     has_law (standard_normal n) (fun z => coord z i) (gaussian_law 0 1)) /\
  independent (standard_normal n) n (fun i z => coord z i).
Proof.
split; first exact: standard_normal_total.
split=> [i lin|A mA].
  by split=> [|A mA]; [exact: measurable_coord|exact: standard_normal_coord].
rewrite -/(rectangle n A) standard_normal_rectangle//.
by apply: eq_bigr => i _; rewrite (standard_normal_coord (ltn_ord i) (mA i)).
Qed.

(** ** The emitted sampler *)

Section sampler.
Context d (Omega : measurableType d) (P : {measure set Omega -> \bar real_realType}).
Variables (n : nat) (eps : nat -> Omega -> borel).
Hypothesis eps_law : forall i, (i < n)%nat -> has_law P (eps i) (gaussian_law 0 1).
Hypothesis eps_independent : independent P n eps.

Let pdf (mu logvar : vec) (i : nat) : RR -> RR := Normal.normal_pdf (mu i) (sd (logvar i)).
Lemma pdf_pos mu logvar i x : Rlt 0 (pdf mu logvar i x).
Proof. exact: NormalKl.posterior_pdf_pos. Qed.
Lemma pdf_one mu logvar i : has_int leb (pdf mu logvar i) 1.
Proof. exact: has_int_normal (sd_pos (logvar i)). Qed.

Lemma coord_gaussian mu logvar i A :
  coord_measure (pdf_pos mu logvar) (pdf_one mu logvar) i A =
    gaussian_law (mu i) (Rtrigo_def.exp (logvar i)) A.
Proof.
rewrite -Elementary.exp_half_square.
by symmetry; exact: (gaussian_law_pos (mu i) A (sd_pos (logvar i))).
Qed.

(** Coordinates of the sample from n on are not used; they need not be measurable. *)
Let sample (mu logvar : vec) (i : nat) (w : Omega) : borel :=
  Gen.reparameterize_diag mu logvar (fun j => eps j w) i.
Let cut_sample mu logvar i w : borel := if (i < n)%nat then sample mu logvar i w else 0.

Lemma measurable_cut_sample mu logvar i : measurable_fun setT (cut_sample mu logvar i).
Proof.
rewrite /cut_sample; have [lin|_] := boolP (i < n)%nat; last exact: measurable_fun_cst.
exact: (emitted_sampler_law mu logvar eps_law lin).1.
Qed.

Lemma vector_cut_sample mu logvar :
  vector n (sample mu logvar) = vector n (cut_sample mu logvar).
Proof. by apply/funext => w; apply: vector_ext => i lin; rewrite /cut_sample lin. Qed.

Theorem vector_reparameterization_law (mu logvar : vec) (B : set (Rn n)) :
  measurable B ->
  P (vector n (fun i w => Gen.reparameterize_diag mu logvar (fun j => eps j w) i) @^-1` B) =
    (\int[leb_n n]_(z in B) (posterior mu logvar z)%:E)%E.
Proof.
move=> mB; have one : (0 : RR) <= 1 by exact: ler01.
rewrite (vector_cut_sample mu logvar : vector n (fun i w => _) = _).
have := @factor_everywhere _ (pdf_pos mu logvar) (pdf_one mu logvar) _ Omega
          (cut_sample mu logvar) (measurable_cut_sample mu logvar) n P (NngNum one) _ B mB.
rewrite /= mul1e; apply=> A mA; rewrite mul1e.
have -> : [set w | forall i, (i < n)%nat -> A i (cut_sample mu logvar i w)] =
          [set w | forall i, (i < n)%nat -> A i (sample mu logvar i w)].
  by apply/seteqP; split=> w H i lin; have := H i lin; rewrite /cut_sample lin.
rewrite (emitted_sampler_joint_law eps_law eps_independent mu logvar mA).
by apply: eq_bigr => i _; rewrite coord_gaussian.
Qed.

(** Of the model's sampled latent: its law is the posterior. *)
Theorem sample_latent_law (encoder_mean encoder_logvar decoder : vec -> vec) (x : vec)
    (B : set (Rn n)) :
  measurable B ->
  P (vector n (fun i w => Gen.sample_latent encoder_mean encoder_logvar decoder x
                            (fun j => eps j w) i) @^-1` B) =
    (\int[leb_n n]_(z in B) (posterior (encoder_mean x) (encoder_logvar x) z)%:E)%E.
Proof.
move=> mB; rewrite -(vector_reparameterization_law _ _ mB).
have -> : (fun i w => Gen.sample_latent encoder_mean encoder_logvar decoder x
                        (fun j => eps j w) i) = sample (encoder_mean x) (encoder_logvar x).
  by apply/funext => i; apply/funext => w; rewrite GenLinks.sample_latent_eq_reparameterize.
by [].
Qed.
End sampler.
