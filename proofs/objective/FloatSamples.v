(** Emitted by [vaelid theorems --emit-rocq]: do not edit. What the specification computed
    with float64 arrays, against the definitions emitted from it: each result, an exact
    number, is certified by Interval to lie within the stated distance of the real value at
    the same, exact, inputs. *)
From Coq Require Import Reals.
From Interval Require Import Tactic.
From Vaelid.base Require Import FiniteSums.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** The definition, its sums written out, and what Interval makes of it. *)
Ltac certify :=
  cbv [fsum]; rewrite ?INR_IZR_INZ; cbn [Z.of_nat Pos.of_succ_nat Pos.succ];
  interval with (i_prec 120).

Lemma sample_1 :
  Rabs (
    Gen.coordinate_kl_to_standard
      (0)
      (0)
    - (0))
  <= (1 / 1125899906842624).
Proof. unfold Gen.coordinate_kl_to_standard. certify. Qed.

Lemma sample_2 :
  Rabs (
    Gen.coordinate_kl_to_standard
      (7378697629483821 / 73786976294838206464)
      (-7378697629483821 / 73786976294838206464)
    - (1106792350509 / 147573952589676412928))
  <= (1 / 1125899906842624).
Proof. unfold Gen.coordinate_kl_to_standard. certify. Qed.

Lemma sample_3 :
  Rabs (
    Gen.coordinate_kl_to_standard
      (2)
      (1 / 2)
    - (4671044892197287 / 2251799813685248))
  <= (1 / 281474976710656).
Proof. unfold Gen.coordinate_kl_to_standard. certify. Qed.

Lemma sample_4 :
  Rabs (
    Gen.coordinate_kl_to_standard
      (-3)
      (-20)
    - (7881299348478531 / 562949953421312))
  <= (1 / 35184372088832).
Proof. unfold Gen.coordinate_kl_to_standard. certify. Qed.

Lemma sample_5 :
  Rabs (
    Gen.coordinate_kl_to_standard
      (3602879701896397 / 36028797018963968)
      (10)
    - (6051567906852765 / 549755813888))
  <= (1 / 68719476736).
Proof. unfold Gen.coordinate_kl_to_standard. certify. Qed.

Lemma sample_6 :
  Rabs (
    Gen.coordinate_kl_to_standard
      (4835703278458517 / 4835703278458516698824704)
      (4835703278458517 / 4835703278458516698824704)
    - (400107883 / 9671406556917033397649408))
  <= (1 / 1125899906842624).
Proof. unfold Gen.coordinate_kl_to_standard. certify. Qed.

Lemma sample_7 :
  Rabs (
    Gen.exp_minus_one_minus
      (4722366482869645 / 4722366482869645213696)
    - (590296007 / 1180591620717411303424))
  <= (1 / 1125899906842624).
Proof. unfold Gen.exp_minus_one_minus. certify. Qed.

Lemma sample_8 :
  Rabs (
    Gen.exp_minus_one_minus
      (-5404319552844595 / 18014398509481984)
    - (735315693808445 / 18014398509481984))
  <= (1 / 1125899906842624).
Proof. unfold Gen.exp_minus_one_minus. certify. Qed.

Lemma sample_9 :
  Rabs (
    Gen.exp_minus_one_minus
      (7656119366529843 / 4503599627370496)
    - (3123187109931993 / 1125899906842624))
  <= (1 / 281474976710656).
Proof. unfold Gen.exp_minus_one_minus. certify. Qed.

Lemma sample_10 :
  Rabs (
    Gen.exp_minus_one_minus
      (20)
    - (2034930231687681 / 4194304))
  <= (1 / 2097152).
Proof. unfold Gen.exp_minus_one_minus. certify. Qed.

Lemma sample_11 :
  Rabs (
    Gen.gaussian_log_density
      (3602879701896397 / 36028797018963968)
      (5404319552844595 / 18014398509481984)
      (0)
    - (-1057150807066091 / 1125899906842624))
  <= (1 / 1125899906842624).
Proof. unfold Gen.gaussian_log_density. certify. Qed.

Lemma sample_12 :
  Rabs (
    Gen.gaussian_log_density
      (5 / 2)
      (-1)
      (-4)
    - (-5864049245567755 / 17592186044416))
  <= (1 / 2199023255552).
Proof. unfold Gen.gaussian_log_density. certify. Qed.

Lemma sample_13 :
  Rabs (
    Gen.gaussian_log_density
      (0)
      (0)
      (3)
    - (-5446965338386349 / 2251799813685248))
  <= (1 / 281474976710656).
Proof. unfold Gen.gaussian_log_density. certify. Qed.

Lemma sample_14 :
  Rabs (
    Gen.bernoulli_log_density
      (1)
      (5 / 2)
    - (-88821944490821 / 1125899906842624))
  <= (1 / 281474976710656).
Proof. unfold Gen.bernoulli_log_density. certify. Qed.

Lemma sample_15 :
  Rabs (
    Gen.bernoulli_log_density
      (0)
      (5 / 2)
    - (-2903571711597381 / 1125899906842624))
  <= (1 / 281474976710656).
Proof. unfold Gen.bernoulli_log_density. certify. Qed.

Lemma sample_16 :
  Rabs (
    Gen.bernoulli_log_density
      (1)
      (-30)
    - (-4222124650659853 / 140737488355328))
  <= (1 / 35184372088832).
Proof. unfold Gen.bernoulli_log_density. certify. Qed.

Lemma sample_17 :
  Rabs (
    Gen.bernoulli_log_density
      (1 / 4)
      (3602879701896397 / 36028797018963968)
    - (-3239874530238913 / 4503599627370496))
  <= (1 / 1125899906842624).
Proof. unfold Gen.bernoulli_log_density. certify. Qed.

Lemma sample_18 :
  Rabs (
    Gen.variance_of_scale
      (5404319552844595 / 18014398509481984)
    - (3242591731706757 / 36028797018963968))
  <= (1 / 1125899906842624).
Proof. unfold Gen.variance_of_scale. certify. Qed.

Lemma sample_19 :
  Rabs (
    Gen.diagonal_gaussian_kl_to_standard_sum
      3%nat
      (fun i => match i with
        0 => (3 / 4)
        | 1 => (-3 / 2)
        | 2 => (9 / 4) | _ => 0 end)
      (fun i => match i with
        0 => (-1 / 2)
        | 1 => (5404319552844595 / 18014398509481984)
        | 2 => (2476979795053773 / 2251799813685248) | _ => 0 end)
    - (1257567636896083 / 281474976710656))
  <= (1 / 140737488355328).
Proof. unfold Gen.diagonal_gaussian_kl_to_standard_sum. certify. Qed.

Lemma sample_20 :
  Rabs (
    Gen.diagonal_gaussian_kl_to_standard
      3%nat
      (fun i => match i with
        0 => (3 / 4)
        | 1 => (-3 / 2)
        | 2 => (9 / 4) | _ => 0 end)
      (fun i => match i with
        0 => (-1 / 2)
        | 1 => (5404319552844595 / 18014398509481984)
        | 2 => (2476979795053773 / 2251799813685248) | _ => 0 end)
    - (6707027396779109 / 4503599627370496))
  <= (1 / 281474976710656).
Proof. unfold Gen.diagonal_gaussian_kl_to_standard. certify. Qed.

Lemma sample_21 :
  Rabs (
    Gen.mean_squared_error
      4%nat
      (fun i => match i with
        0 => (3602879701896397 / 36028797018963968)
        | 1 => (-3602879701896397 / 9007199254740992)
        | 2 => (3)
        | 3 => (4278419646001971 / 2251799813685248) | _ => 0 end)
      (fun i => match i with
        0 => (3602879701896397 / 18014398509481984)
        | 1 => (-1)
        | 2 => (7 / 2)
        | 3 => (3152519739159347 / 4503599627370496) | _ => 0 end)
    - (4638707616191611 / 9007199254740992))
  <= (1 / 281474976710656).
Proof. unfold Gen.mean_squared_error. certify. Qed.

Lemma sample_22 :
  Rabs (
    Gen.importance_weighted_bound
      3%nat
      (fun i => match i with
        0 => (-181 / 2)
        | 1 => (-365 / 4)
        | 2 => (-89) | _ => 0 end)
    - (-790017045807097 / 8796093022208))
  <= (1 / 8796093022208).
Proof. unfold Gen.importance_weighted_bound. certify. Qed.

Lemma sample_23 :
  Rabs (
    Gen.reparameterize_diag
      (fun i => match i with
        0 => (3 / 4)
        | 1 => (-3 / 2)
        | 2 => (9 / 4) | _ => 0 end)
      (fun i => match i with
        0 => (-1 / 2)
        | 1 => (5404319552844595 / 18014398509481984)
        | 2 => (2476979795053773 / 2251799813685248) | _ => 0 end)
      (fun i => match i with
        0 => (1 / 8)
        | 1 => (-3039929748475085 / 1125899906842624)
        | 2 => (5404319552844595 / 9007199254740992) | _ => 0 end)
      0%nat
    - (7632251170164801 / 9007199254740992))
  <= (1 / 281474976710656).
Proof. unfold Gen.reparameterize_diag. certify. Qed.

Lemma sample_24 :
  Rabs (
    Gen.reparameterize_diag
      (fun i => match i with
        0 => (3 / 4)
        | 1 => (-3 / 2)
        | 2 => (9 / 4) | _ => 0 end)
      (fun i => match i with
        0 => (-1 / 2)
        | 1 => (5404319552844595 / 18014398509481984)
        | 2 => (2476979795053773 / 2251799813685248) | _ => 0 end)
      (fun i => match i with
        0 => (1 / 8)
        | 1 => (-3039929748475085 / 1125899906842624)
        | 2 => (5404319552844595 / 9007199254740992) | _ => 0 end)
      1%nat
    - (-2610372168765333 / 562949953421312))
  <= (1 / 140737488355328).
Proof. unfold Gen.reparameterize_diag. certify. Qed.

Lemma sample_25 :
  Rabs (
    Gen.reparameterize_diag
      (fun i => match i with
        0 => (3 / 4)
        | 1 => (-3 / 2)
        | 2 => (9 / 4) | _ => 0 end)
      (fun i => match i with
        0 => (-1 / 2)
        | 1 => (5404319552844595 / 18014398509481984)
        | 2 => (2476979795053773 / 2251799813685248) | _ => 0 end)
      (fun i => match i with
        0 => (1 / 8)
        | 1 => (-3039929748475085 / 1125899906842624)
        | 2 => (5404319552844595 / 9007199254740992) | _ => 0 end)
      2%nat
    - (1852078218603431 / 562949953421312))
  <= (1 / 281474976710656).
Proof. unfold Gen.reparameterize_diag. certify. Qed.

Lemma sample_26 :
  Rabs (
    Gen.negative_elbo
      (375 / 4)
      (6811694436397875 / 562949953421312)
    - (3724265785602867 / 35184372088832))
  <= (1 / 8796093022208).
Proof. unfold Gen.negative_elbo. certify. Qed.

Lemma sample_27 :
  Rabs (
    Gen.beta_negative_elbo
      (5404319552844595 / 18014398509481984)
      (375 / 4)
      (6811694436397875 / 562949953421312)
    - (856563538502615 / 8796093022208))
  <= (1 / 8796093022208).
Proof. unfold Gen.beta_negative_elbo. certify. Qed.

Lemma sample_28 :
  Rabs (
    Gen.weighted_three_term
      (5404319552844595 / 18014398509481984)
      (3 / 2)
      (3152519739159347 / 4503599627370496)
      (6530219459687219 / 2251799813685248)
    - (432064089250857 / 140737488355328))
  <= (1 / 281474976710656).
Proof. unfold Gen.weighted_three_term. certify. Qed.

Definition float_samples := (sample_1, sample_2, sample_3, sample_4, sample_5, sample_6,
  sample_7, sample_8, sample_9, sample_10, sample_11, sample_12, sample_13, sample_14,
  sample_15, sample_16, sample_17, sample_18, sample_19, sample_20, sample_21, sample_22,
  sample_23, sample_24, sample_25, sample_26, sample_27, sample_28).
