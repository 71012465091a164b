"""Takes what pyplot takes, and does nothing with it but to convert it, as pyplot does."""
import array


def _numbers(values):
    return array.array("d", [float(value) for value in values])


def plot(*arguments, **options):
    return [_numbers(argument) for argument in arguments if not isinstance(argument, str)]


def scatter(x, y, **options):
    return _numbers(x), _numbers(y)


def figure(*arguments, **options):
    return None


legend = title = show = close = xlabel = ylabel = savefig = figure
