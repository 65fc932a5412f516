"""What can be asked of a figure that was drawn."""

from itertools import combinations

TOUCH = 1.0  # pixels


def texts_and_boxes(figure):
    """Draw a figure; return its texts that stand upright, with their bounding boxes."""
    figure.canvas.draw()
    texts = []
    for ax in figure.axes:
        texts += [*ax.texts, ax.title, ax._left_title]
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                low, high = sorted(axis.get_view_interval())
                places = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
                texts += [text for at, text in places if low <= at <= high]
                texts.append(axis.label)
    return [
        (text.get_text(), text.get_window_extent())
        for text in texts
        if text.get_text() and text.get_rotation() % 90 == 0
    ]


def overlaps(figure):
    """List the pairs of texts of a figure that overlap."""
    found = []
    for (one, a), (other, b) in combinations(texts_and_boxes(figure), 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        if width > TOUCH and height > TOUCH:
            found.append((one, other))
    return found
