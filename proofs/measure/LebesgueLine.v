(** * Riemann = Lebesgue, on the line

    A continuous f >= 0 whose improper Riemann integral is l has the Lebesgue integral l:
    on intervals by [RiemannLink.additive_is_riemann], on the line by monotone convergence.
    So the normal density is a probability density for Lebesgue measure, its moments are
    what they are, and the emitted KL is the Lebesgue integral of q ln(q/p). *)
From Vaelid.measure Require Import Prelude LebesgueIntegral.
From Vaelid.base Require Integral.
From Vaelid.spec Require Gen.
From Vaelid.gauss Require LineIntegral Normal NormalKl.
From Vaelid.measure Require RiemannLink.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Lemma continuous_measurable (f : RR -> RR) :
  (forall x, continuity_pt (f : R -> R) x) -> measurable_fun setT (f : borel -> RR).
Proof.
move=> fc; have c : continuous (f : R -> R) by move=> x; apply/continuity_pt_cvg; exact: fc.
exact: (@continuous_measurable_fun real_realType f c).
Qed.

Lemma measurable_interval (a b : RR) : measurable ([set` `]a, b]] : set borel).
Proof. exact: (@measurable_itv real_realType `]a, b]). Qed.

Lemma lebesgue_interval (a b : RR) : a <= b -> leb ([set` `]a, b]] : set borel) = (b - a)%:E.
Proof.
move=> ab; transitivity (hlength ([set` `]a, b]] : set RR));
  first exact: (@lebesgue_measure_itv real_realType `]a, b]).
rewrite hlength_itv /= lte_fin; case: ltP => [_|ba]; first by rewrite EFinB.
by rewrite (_ : a = b) ?subrr//; apply/eqP; rewrite eq_le ab ba.
Qed.

(** The intervals ]-n, n] exhaust the line. *)
Definition window (n : nat) : set borel := [set` `]- n%:R, n%:R]].

Lemma measurable_window n : measurable (window n).
Proof. exact: measurable_interval. Qed.

Lemma in_window (x : RR) n : (absz (ceil `|x|) < n)%nat -> x \in window n.
Proof.
move=> xn; rewrite mem_set// /window/= in_itv/=.
have : `|x| < n%:R.
  apply: (le_lt_trans (ceil_ge _)).
  by rewrite (le_lt_trans (ler_norm _))// -intr_norm -natr_absz ltr_nat.
by rewrite ltr_norml => /andP[-> /ltW ->].
Qed.

Section continuous_nonnegative.
Variable f : RR -> RR.
Hypothesis f_nonneg : forall x, 0 <= f x.
Hypothesis f_continuous : forall x, continuity_pt (f : R -> R) x.

Local Lemma measurable_f (D : set borel) : measurable_fun D (fun x : borel => (f x)%:E).
Proof.
apply/EFin_measurable_fun; apply: measurable_funS (continuous_measurable f_continuous) => //.
Qed.

Let on_interval (a b : RR) : \bar RR := (\int[leb]_(x in [set` `]a, b]]) (f x)%:E)%E.

Local Lemma on_interval_nonneg a b : (0 <= on_interval a b)%E.
Proof. by apply: integral_ge0 => x _; rewrite lee_fin. Qed.

Local Lemma on_interval_add a b c :
  a <= b -> b <= c -> (on_interval a b + on_interval b c = on_interval a c)%E.
Proof.
move=> ab bc; rewrite /on_interval -integral_setU//; last 5 first.
- exact: measurable_interval.
- exact: measurable_interval.
- exact: measurable_f.
- by move=> x _; rewrite lee_fin.
- apply/disj_set2P; apply/seteqP; split=> x //= [].
  by rewrite !in_itv/= => /andP[_ xb] /andP[bx _]; move: (lt_le_trans bx xb); rewrite ltxx.
congr (integral _ _ _); apply/seteqP; split=> x /=; rewrite !in_itv/=.
- by move=> [/andP[ax xb]|/andP[bx xc]];
    rewrite ?ax ?xc ?(le_trans xb bc) ?(le_lt_trans ab bx).
- by move=> /andP[ax xc]; case: (leP x b) => xb; [left; rewrite ax|right].
Qed.

Local Lemma on_interval_le a b M :
  a <= b -> (forall x, a <= x <= b -> f x <= M) -> (on_interval a b <= (M * (b - a))%:E)%E.
Proof.
move=> ab h.
rewrite EFinM -lebesgue_interval// -(integral_cst leb (measurable_interval a b) M%:E).
apply: ge0_le_integral; first exact: measurable_interval.
- by move=> x _; rewrite lee_fin.
- exact: measurable_f.
- move=> x /=; rewrite in_itv/= => /andP[ax xb]; rewrite lee_fin.
  by apply: (le_trans (f_nonneg x)); apply: h; rewrite xb ltW.
- exact: measurable_fun_cst.
- by move=> x /=; rewrite in_itv/= => /andP[ax xb]; rewrite lee_fin; apply: h; rewrite xb ltW.
Qed.

Local Lemma on_interval_ge a b m :
  a <= b -> (forall x, a <= x <= b -> m <= f x) -> ((m * (b - a))%:E <= on_interval a b)%E.
Proof.
move=> ab h; have [m0|m0] := leP m 0.
  apply: (le_trans _ (on_interval_nonneg a b)).
  by rewrite lee_fin mulr_le0_ge0// subr_ge0.
rewrite EFinM -lebesgue_interval// -(integral_cst leb (measurable_interval a b) m%:E).
apply: ge0_le_integral; first exact: measurable_interval.
- by move=> x _; rewrite lee_fin ltW.
- exact: measurable_fun_cst.
- by move=> x _; rewrite lee_fin.
- exact: measurable_f.
- by move=> x /=; rewrite in_itv/= => /andP[ax xb]; rewrite lee_fin; apply: h; rewrite xb ltW.
Qed.

Local Lemma on_interval_finite a b : a <= b -> on_interval a b \is a fin_num.
Proof.
move=> ab; have ab' : Rle a b by apply/RleP.
have [M [hM _]] := continuity_ab_maj f a b ab' (fun c _ => f_continuous c).
rewrite ge0_fin_numE; last exact: on_interval_nonneg.
apply: (@le_lt_trans _ _ ((f M * (b - a))%:E)); last by rewrite ltry.
by apply: on_interval_le => // x /andP[ax xb]; apply/RleP; apply: hM; split; exact/RleP.
Qed.

Lemma lebesgue_is_riemann a b : a <= b -> on_interval a b = (RiemannLink.riemann f a b)%:E.
Proof.
move=> ab; rewrite -(fineK (on_interval_finite ab)); congr (_%:E).
pose L x y : RR := fine (on_interval x y).
apply: (@RiemannLink.additive_is_riemann L f) => //; last exact/RleP.
- move=> x y z /RleP xy /RleP yz.
  by rewrite /L -(on_interval_add xy yz) (fineD (on_interval_finite xy) (on_interval_finite yz)).
- move=> x y m M /RleP xy h.
  have h' t : x <= t <= y -> Rle m (f t) /\ Rle (f t) M.
    by move=> /andP[/RleP xt /RleP ty]; exact: (h t (conj xt ty)).
  split; apply/RleP; rewrite /L -lee_fin (fineK (on_interval_finite xy)).
    by apply: on_interval_ge => // t /h'[? _]; apply/RleP.
  by apply: on_interval_le => // t /h'[_ ?]; apply/RleP.
Qed.

Lemma lebesgue_is_limit :
  (\int[leb]_x (f x)%:E)%E = lim (fun n : nat => on_interval (- n%:R) n%:R).
Proof.
rewrite (_ : (fun n => _) =
  (fun n => \int[leb]_x (((fun x : borel => (f x)%:E) \_ (window n)) x))%E); last first.
  by apply/funext => n; rewrite /on_interval [LHS]integral_mkcond.
rewrite -monotone_convergence//; last 3 first.
- by move=> n; apply/(measurable_restrict _ (measurable_window n) measurableT) => //;
    exact: measurable_f.
- by move=> n x _; apply: erestrict_ge0 => y _; rewrite lee_fin.
- move=> x _ m n mn; rewrite /patch /window.
  case: ifPn => [|_]; last by case: ifP; rewrite ?lee_fin.
  rewrite inE/= in_itv/= => /andP[h1 h2].
  rewrite mem_set//= in_itv/= (le_trans h2) ?ler_nat// andbT.
  by apply: le_lt_trans h1; rewrite ler_opp2 ler_nat.
apply: eq_integral => x _; apply/esym/cvg_lim => //.
apply: cvg_near_cst; exists (absz (ceil `|x|)).+1 => // n /= hn.
by rewrite /patch in_window.
Qed.

Theorem lebesgue_of_riemann (l : RR) :
  Integral.has LineIntegral.line_integral f l -> has_int leb (f : borel -> RR) l.
Proof.
move=> /RiemannLink.line_integral_exhaust H.
apply: has_int_of_nonneg => //; first exact: continuous_measurable.
rewrite lebesgue_is_limit; apply/cvg_lim => //.
rewrite (_ : (fun n => _) =
  EFin \o (fun n : nat => RiemannLink.riemann f (- n%:R) n%:R)); last first.
  by apply/funext => n /=; rewrite lebesgue_is_riemann// -subr_ge0 opprK addr_ge0// ler0n.
apply: cvg_EFin; first by near=> n.
have c : (fun n : nat => RiemannLink.riemann f (- n%:R) n%:R : RR^o) @ \oo --> (l : RR^o).
  apply/cvgrPdist_lt => e e0; have [|N hN] := H e; first exact/RltP.
  exists N => // n /= /(elimT ssrnat.leP) Nn.
  by have := hN n Nn; rewrite INRE => /RltP; rewrite distrC; exact.
exact: c.
Unshelve. all: by end_near. Qed.
End continuous_nonnegative.

(** ** The normal density *)

Lemma normal_pdf_nonneg mu s y : Rlt 0 s -> 0 <= (Normal.normal_pdf mu s y : RR).
Proof. by move=> s0; apply/RleP; left; apply: Normal.normal_pdf_pos; exact: Rgt_not_eq. Qed.

Theorem has_int_normal mu s : Rlt 0 s -> has_int leb (Normal.normal_pdf mu s) 1.
Proof.
move=> s0; apply: lebesgue_of_riemann.
- by move=> y; exact: normal_pdf_nonneg.
- by move=> y; exact: Normal.continuity_normal_pdf.
- exact: Normal.normal_normalised.
Qed.

Lemma measurable_normal_pdf mu s : measurable_fun setT (Normal.normal_pdf mu s : borel -> RR).
Proof. by apply: continuous_measurable => y; exact: Normal.continuity_normal_pdf. Qed.

(** ** The KL integral *)

(** q ln(q/p), from its nonnegative form: q ln(q/p) = excess + (q - p). *)
Theorem has_int_kl mu logvar :
  let q := Normal.normal_pdf mu (Rtrigo_def.exp (Rdiv logvar (IZR 2))) in
  let p := Normal.normal_pdf (IZR 0) (IZR 1) in
  has_int leb (fun x => Rmult (q x) (ln (Rdiv (q x) (p x))))
    (Gen.coordinate_kl_to_standard mu logvar).
Proof.
move=> q p; pose I := lebesgue_integral_of leb.
have Hx : has_int leb (NormalKl.kl_excess mu logvar) (Gen.coordinate_kl_to_standard mu logvar).
  apply: lebesgue_of_riemann.
  - by move=> y; apply/RleP; exact: NormalKl.kl_excess_nonneg.
  - by move=> y; exact: NormalKl.continuity_kl_excess.
  - exact: NormalKl.kl_excess_integral.
have Hq : has_int leb q 1 by apply: has_int_normal; exact: exp_pos.
have Hp : has_int leb p 1 by apply: has_int_normal; exact: Rlt_0_1.
have Hqp : has_int leb (fun x => Rminus (q x) (p x)) (IZR 0).
  apply: (@Integral.has_lin _ I (IZR 1) (IZR (-1)) q p 1 1 _ _ Hq Hp); first by move=> x; ring.
  ring.
apply: (@Integral.has_lin _ I (IZR 1) (IZR 1) _ _ _ _ _ _ Hx Hqp); last by ring.
by move=> x; rewrite /NormalKl.kl_excess -/q -/p; ring.
Qed.
