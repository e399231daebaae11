(** * Affine change of variables on the line

    x |-> m + s x is measurable and scales Lebesgue measure by |s|, for s of either sign:
    Lebesgue measure is the only one with the right value on half-open intervals. So
    int_A f = int_(T^-1 A) |s| f(T x), for every measurable f >= 0. *)
From Vaelid.measure Require Import Prelude.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope classical_set_scope. Local Open Scope ring_scope.

Definition affine (m s : RR) (x : borel) : borel := m + s * (x : RR).

Lemma measurable_affine m s : measurable_fun setT (affine m s).
Proof.
apply: (@measurable_funD _ borel _ setT (cst m) (fun x => s * (x : RR)));
  first exact: measurable_fun_cst.
by apply: measurable_funrM; exact: measurable_fun_id.
Qed.

Lemma measurable_affine_preimage m s (A : set borel) :
  measurable A -> measurable (affine m s @^-1` A).
Proof. by move=> mA; rewrite -[X in measurable X]setTI; exact: measurable_affine. Qed.

(** The image of Lebesgue measure, scaled back. *)
Definition scaled_image m s : {measure set borel -> \bar real_realType} :=
  [the measure _ _ of mscale (normr s)%:nng
     [the measure _ _ of pushforward leb (measurable_affine m s)]].

Lemma lebesgue_affine m s (A : set borel) :
  s != 0 -> measurable A -> leb A = scaled_image m s A.
Proof.
move=> s0; apply: (@lebesgue_measure_unique _ (scaled_image m s)) => X [[a b] _ <-] /=.
rewrite /scaled_image /= /mscale /= /pushforward /=.
have [sp|sn] := ltP 0 s.
- rewrite (_ : affine m s @^-1` _ = [set` `](a - m) / s, (b - m) / s] ] :> set RR); last first.
    apply/seteqP; split=> x /=;
      by rewrite /affine !in_itv /= ltr_pdivr_mulr// ler_pdivl_mulr// ltr_subl_addl
                 ler_subr_addl mulrC.
  change (hlength [set` `]a, b] ] =
            (`|s|%:E * @lebesgue_measure _ [set` `](a - m) / s, (b - m) / s] ])%E).
  rewrite lebesgue_measure_itv !hlength_itv /= !lte_fin ltr_pmul2r ?invr_gt0// ltr_add2r.
  case: ifP => ab; last by rewrite mule0.
  by rewrite -!EFinB -EFinM gtr0_norm// -mulrBl mulrC divfK// opprB addrA subrK.
- have {}sn : s < 0 by rewrite lt_neqAle s0.
  rewrite (_ : affine m s @^-1` _ = [set` `[(b - m) / s, (a - m) / s[ ] :> set RR); last first.
    apply/seteqP; split=> x /=;
      by rewrite /affine !in_itv /= ltr_ndivl_mulr// ler_ndivr_mulr// ltr_subl_addl
                 ler_subr_addl andbC mulrC.
  change (hlength [set` `]a, b] ] =
            (`|s|%:E * @lebesgue_measure _ [set` `[(b - m) / s, (a - m) / s[ ])%E).
  rewrite lebesgue_measure_itv !hlength_itv /= !lte_fin ltr_nmul2r ?invr_lt0// ltr_add2r.
  case: ifP => ab; last by rewrite mule0.
  by rewrite -!EFinB -EFinM ltr0_norm// -mulrBl mulrC mulrN divfK// opprB opprB addrA subrK.
Qed.

Theorem affine_change m s (A : set borel) (f : borel -> \bar real_realType) :
  s != 0 -> measurable A -> measurable_fun setT f -> (forall x, 0 <= f x)%E ->
  (\int[leb]_(x in A) f x =
   \int[leb]_(x in affine m s @^-1` A) (`|s|%:E * f (affine m s x)))%E.
Proof.
move=> s0 mA mf f0; set T := affine m s.
have mT : measurable_fun setT T by exact: measurable_affine.
have mTA : measurable (T @^-1` A) by exact: measurable_affine_preimage.
have mfA : measurable_fun setT (f \_ A).
  by apply/(measurable_restrict _ mA measurableT) => //; apply: measurable_funS mf.
have fA0 x : (0 <= (f \_ A) x)%E by apply: erestrict_ge0 => y _; exact: f0.
rewrite integral_mkcond.
rewrite (@eq_measure_integral _ _ _ setT (scaled_image m s) leb); last first.
  by move=> X mX _; exact: lebesgue_affine.
rewrite ge0_integral_mscale// integral_pushforward// -ge0_integralM//; last 2 first.
  exact: measurable_fun_comp.
  by move=> x _; exact: fA0.
rewrite [RHS]integral_mkcond; apply: eq_integral => x _; rewrite /= /patch /T.
have -> : (x \in affine m s @^-1` A) = (affine m s x \in A) by apply/idP/idP; rewrite !inE.
by case: ifP => _; rewrite ?mule0.
Qed.
