(** * What every file on measures imports

    MathComp-Analysis, its structures and notations, and Coq's real numbers as one of its
    real fields ([RR]). [borel] is the real line with its Borel sets, [leb] Lebesgue
    measure on it. *)
From HB Require Export structures.
From mathcomp Require Export all_ssreflect ssralg ssrnum ssrint interval finmap.
From mathcomp.classical Require Export boolp classical_sets functions cardinality.
From mathcomp.classical Require Export fsbigop mathcomp_extra.
From mathcomp.analysis Require Export signed reals ereal topology normedtype sequences.
From mathcomp.analysis Require Export derive realfun esum measure lebesgue_measure.
From mathcomp.analysis Require Export numfun lebesgue_integral exp trigo.
From Coq Require Export Reals.
From mathcomp.analysis Require Export Rstruct.
Export Order.TTheory GRing.Theory Num.Def Num.Theory numFieldTopology.Exports.

Local Open Scope classical_set_scope.
Local Open Scope ring_scope.

Notation RR := (Real.sort real_realType).
Notation vec := (nat -> RR).

Definition borel := [the measurableType _ of salgebraType (real_realType.-ocitv.-measurable)].
Definition leb : {measure set borel -> \bar real_realType} :=
  [the measure _ _ of @lebesgue_measure real_realType].
