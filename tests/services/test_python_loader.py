import os
import sys

from gatewright.services import python_modules


def test_file_and_function_name_the_service(workshop) -> None:
    workshop.write(
        "orders/pricing.py", "from gatewright.services import service\n@service\ndef quote() -> int:\n    return 1\n"
    )
    (service,) = workshop.load().services
    assert (service.name, service.folder, service.kind) == ("orders.pricing:quote", "orders.pricing", "python")
    assert (service.file, service.line) == ("Shop/services/orders/pricing.py", 2)


def test_imported_marked_functions_are_not_services_of_the_importer(workshop) -> None:
    workshop.write("a.py", "from gatewright.services import service\n@service\ndef f() -> int:\n    return 1\n")
    workshop.write("b.py", "from .a import f\n")
    assert [service.name for service in workshop.load().services] == ["a:f"]


def test_files_that_begin_with_an_underscore_are_helpers(workshop) -> None:
    workshop.write(
        "_helper.py", "from gatewright.services import service\n@service\ndef f() -> int:\n    return 1\nVALUE = 2\n"
    )
    workshop.write(
        "deep/user.py",
        "from gatewright.services import service\nfrom .._helper import VALUE\n@service\ndef g() -> int:\n    return VALUE\n",
    )
    assert [service.name for service in workshop.load().services] == ["deep.user:g"]


def test_a_file_and_a_folder_of_one_name_stand_beside_each_other(workshop) -> None:
    mark = "from gatewright.services import service\n"
    workshop.write("_helper.py", "VALUE = 2\n")
    workshop.write("open.py", f"{mark}from ._helper import VALUE\n@service\ndef ping() -> int:\n    return VALUE\n")
    workshop.write(
        "open/staff.py", f"{mark}from .._helper import VALUE\n@service\ndef roster() -> int:\n    return VALUE\n"
    )
    state = {service.name: service.enabled for service in workshop.load().services}
    assert state == {"open:ping": True, "open.staff:roster": True}


def test_syntax_error_disables_the_files_services_with_its_place(workshop) -> None:
    workshop.write("good.py", "from gatewright.services import service\n@service\ndef f() -> int:\n    return 1\n")
    loaded = workshop.load(
        "from gatewright.services import service\n@service(\n  inline=True)\ndef f() -> int:\n    return 1\n@service\nasync def g(:\n",
        "bad.py",
    )
    state = {service.name: service.enabled for service in loaded.services}
    assert state == {"bad:f": False, "bad:g": False, "good:f": True}
    problem = loaded.services[0].problems[0]
    assert (problem.file, problem.line) == ("Shop/services/bad.py", 7)


def test_failing_import_is_told_with_the_line_that_led_to_it(workshop) -> None:
    loaded = workshop.load("VALUE = 1\nimport no_such_library_at_all\n")
    assert loaded.services == ()
    assert loaded.problems[0].line == 2
    assert "no_such_library_at_all" in loaded.problems[0].message


def test_module_that_exits_does_not_end_the_server(workshop) -> None:
    assert "SystemExit" in workshop.load("import sys\nsys.exit(1)\n").problems[0].message


def test_file_whose_name_cannot_be_a_service_is_told(workshop) -> None:
    workshop.write("1st.py", "")
    workshop.write("a b/c.py", "")
    messages = sorted(problem.message for problem in workshop.load().problems)
    assert ["'1st'" in messages[0], "'a b'" in messages[1]] == [True, True]


async def test_functions_of_an_old_generation_run_on_after_a_reload(workshop) -> None:
    source = "from gatewright.services import service\nfrom ._rate import RATE\n@service(inline=True)\ndef rate() -> int:\n    return RATE\n"
    workshop.write("_rate.py", "RATE = 1\n")
    first = workshop.load(source)
    workshop.write("_rate.py", "RATE = 2\n")  # same size and, as bytecode would see it, same second
    second = workshop.load()
    python_modules.forget_generation(first.generation)
    assert await workshop.call(first.services[0], {}) == 1
    assert await workshop.call(second.services[0], {}) == 2
    assert not [module for module in sys.modules if module.startswith(first.generation)]


def test_no_bytecode_is_left_in_the_package(workshop) -> None:
    workshop.load("from gatewright.services import service\n")
    assert not list(workshop.root.rglob("*.pyc"))


def test_a_change_within_the_same_second_and_of_the_same_length_counts(workshop) -> None:
    """Bytecode would not notice it."""
    text = "from gatewright.services import service\n@service\ndef {}() -> int:\n    return 1\n"
    workshop.write("quick.py", text.format("one"))
    assert [service.name for service in workshop.load().services] == ["quick:one"]
    kept = (workshop.root / "services" / "quick.py").stat()
    workshop.write("quick.py", text.format("two"))
    os.utime(workshop.root / "services" / "quick.py", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert [service.name for service in workshop.load().services] == ["quick:two"]
