"""Files of other users, and of processes of which nothing is known."""

import contextlib
import errno
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import clean_testing as clean  # noqa: E402
import promshm_testing as testing  # noqa: E402
from clean_testing import NOBODY  # noqa: E402

SOMEBODY = 65533
WITHOUT_CAP_LEASE = ["setpriv", "--bounding-set=-lease"]
IN_NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]


def is_root(case):
    return unittest.skipIf(os.geteuid() != 0, "needs root")(case)


class Refusal(clean.CleanTest):

    def fill_as(self, owner, processes=None, mode=0o644):
        """As another user's files."""
        self.fill(processes)
        for path in self.files_of(processes or self.dead):
            path.chmod(mode)
            os.chown(path, owner, owner)

    def own(self, owner):
        os.chown(self.directory, owner, owner)

    def require(self, prefix):
        """A command prefix that has to work here."""
        result = testing.run([*prefix, "true"])
        if result.returncode != 0:
            self.skipTest(f"{' '.join(prefix)}: {result.stderr.decode()}")

    def check_lives(self, witness):
        """Its file is still the one that it counts in."""
        self.assertIn(f"counter_{witness.pid}.db",
                      clean.metric_files(self.directory))
        witness.do("inc", "witness", 3)
        witness.settle()
        self.assertEqual(
            clean.dumped(self.directory)["witness_total", frozenset()], 3)

    @contextlib.contextmanager
    def witness(self):
        """A process of the directory that lives, and has counted nothing."""
        with self.living() as witness:
            witness.do("family", "counter", "witness", "Witness", "")
            witness.settle()
            yield witness


@is_root
class OtherUsers(Refusal):

    @clean.with_each_cleaner
    def test_files_of_another_are_left_alone(self, command):
        for tool, owner in ((NOBODY, SOMEBODY), (SOMEBODY, NOBODY)):
            self.own(tool)
            self.fill_as(owner)
            before = clean.contents(self.directory)
            result = self.run_cleaner(command, clean.as_user(tool))
            self.check_left_alone(result, before)
            self.assertEqual(clean.contents(self.directory), before)
            self.assertEqual(result.stdout, b"")

    @clean.with_each_cleaner
    def test_ones_own_are_folded_beside_them(self, command):
        prefix = clean.as_user(NOBODY)
        mine, theirs = self.dead[::2], self.dead[1::2]
        self.own(NOBODY)
        self.fill_as(NOBODY, mine)
        self.fill_as(SOMEBODY, theirs)
        before = self.contents_of(theirs)
        self.assertGreater(len(before), len(theirs) * 3)
        result = self.run_cleaner(command, prefix)
        self.check_left_alone(result, before, theirs)
        self.check_folded(mine)
        self.check_samples()
        for process in mine:
            self.assertNotIn(f"_{process}.db", result.stderr.decode())

    @clean.with_each_cleaner
    def test_what_root_folds_its_owner_can_still_read(self, command):
        self.own(SOMEBODY)
        self.fill_as(SOMEBODY, mode=0o600)
        self.check_done(self.run_cleaner(command))
        self.check_samples(prefix=clean.as_user(SOMEBODY))
        for name in clean.metric_files(self.directory):
            status = os.stat(self.directory / name)
            self.assertEqual((status.st_uid, status.st_mode & 0o777),
                             (SOMEBODY, 0o600), name)

    @clean.with_each_cleaner
    def test_files_that_may_not_be_read_are_left_alone(self, command):
        hidden, others = self.dead[:1], self.dead[1:]
        self.own(NOBODY)
        self.fill_as(NOBODY, others)
        self.fill_as(NOBODY, hidden, mode=0)
        before = self.contents_of(hidden)
        self.check_left_alone(
            self.run_cleaner(command, clean.as_user(NOBODY)), before, hidden)
        self.check_folded(others)
        self.check_samples()


class NoLeases(Refusal):
    """No one can say whether a file has a writer; only PIDs are left."""

    def check_cases(self, command, prefix=(), **changes):
        self.check_nobody_knows(command, prefix, **changes)
        # --force takes them for dead.
        self.check_all_folded(
            self.run_cleaner([*command, "--force"], prefix, **changes))
        self.clear()
        # One that lives shows that they are of this namespace.
        self.fill_owned()
        with self.witness() as witness:
            self.check_done(self.run_cleaner(command, prefix, **changes))
            self.check_folded(self.dead)
            self.check_lives(witness)

    def check_nobody_knows(self, command, prefix, **changes):
        self.fill_owned()
        before = clean.contents(self.directory)
        result = self.run_cleaner(command, prefix, **changes)
        self.check_left_alone(result, before)
        self.assertEqual(clean.contents(self.directory), before)

    def check_in_foreign_namespace(self, command, prefix, **changes):
        with self.witness() as witness:
            self.check_nobody_knows(command, prefix, **changes)
            self.check_lives(witness)

    def fill_owned(self):
        self.fill()


@is_root
class NoRightToLeases(NoLeases):
    """Root without CAP_LEASE, and files of somebody else."""

    def fill_owned(self):
        self.own(SOMEBODY)
        self.fill_as(SOMEBODY)

    @clean.with_each_cleaner
    def test_only_processes_known_to_be_dead_are_folded(self, command):
        self.check_cases(command, WITHOUT_CAP_LEASE)

    @clean.with_each_cleaner
    def test_nothing_is_in_a_foreign_namespace(self, command):
        self.require(IN_NAMESPACE)
        self.check_in_foreign_namespace(
            command, [*WITHOUT_CAP_LEASE, *IN_NAMESPACE])


class FileSystemWithoutLeases(NoLeases):

    def setUp(self):
        super().setUp()
        if not testing.options.no_lease:
            self.skipTest("a sanitizer lets no library come first")

    def refusing(self, error):
        return {"LD_PRELOAD": testing.options.no_lease,
                "PROMSHM_TEST_NO_LEASE": errno.errorcode[error]}

    @clean.with_each_cleaner
    def test_only_processes_known_to_be_dead_are_folded(self, command):
        for error in errno.EINVAL, errno.ENOLCK:
            self.check_cases(command, **self.refusing(error))
            self.clear()

    @clean.with_each_cleaner
    def test_nothing_is_in_a_foreign_namespace(self, command):
        self.require(IN_NAMESPACE)
        self.check_in_foreign_namespace(command, IN_NAMESPACE,
                                        **self.refusing(errno.EINVAL))


class ForeignNamespace(Refusal):

    @clean.with_each_cleaner
    def test_leases_tell_who_is_alive_all_the_same(self, command):
        self.require(IN_NAMESPACE)
        self.fill()
        with self.witness() as witness:
            self.check_done(self.run_cleaner(command, IN_NAMESPACE))
            self.check_folded(self.dead)
            self.check_lives(witness)


if __name__ == "__main__":
    testing.main()
