(** * The axioms of the SMT kernel, proved

    [Gen] prints each axiom from the very term that the kernel takes as true; here each of
    these propositions is a theorem, from Coq's own real numbers. *)
From Vaelid.base Require Elementary.
From Vaelid.spec Require Gen.

Theorem exp_zero : Gen.axiom_exp_zero.
Proof. exact Elementary.exp_zero. Qed.

Theorem exp_gt_one_plus : Gen.axiom_exp_gt_one_plus.
Proof. exact Elementary.exp_gt_one_plus. Qed.

Theorem exp_add : Gen.axiom_exp_add.
Proof. exact Elementary.exp_add. Qed.

Theorem log_exp : Gen.axiom_log_exp.
Proof. exact Elementary.log_exp. Qed.

Theorem exp_log : Gen.axiom_exp_log.
Proof. exact Elementary.exp_log. Qed.

Theorem pi_pos : Gen.axiom_pi_pos.
Proof. exact Elementary.pi_pos. Qed.

Theorem abs_pos : Gen.axiom_abs_pos.
Proof. exact Elementary.abs_pos. Qed.

Theorem abs_neg : Gen.axiom_abs_neg.
Proof. exact Elementary.abs_neg. Qed.
