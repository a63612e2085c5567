// A pad to draw a sketch on: strokes are kept, so that they can be undone and survive a reload.
function makePad(pane, changed) {
  const NAME = 'studio-drawing';
  const canvas = pane.querySelector('canvas');
  const paper = canvas.getContext('2d');
  const shape = pane.querySelector('.shape');
  let [strokes, undone, current, tool] = [[], [], null, 'pen'];

  function size() {
    [canvas.width, canvas.height] = shape.value.split('x').map(Number);
    redraw();
  }

  function draw({ tool, width, points }) {
    paper.strokeStyle = tool === 'pen' ? '#000' : '#fff';
    paper.lineWidth = tool === 'pen' ? width : 4 * width;
    paper.lineCap = paper.lineJoin = 'round';
    paper.beginPath();
    paper.moveTo(...points[0]);
    if (points.length === 1) paper.lineTo(points[0][0] + 0.01, points[0][1]);
    for (let i = 1; i < points.length - 1; i++) {
      const [x, y] = points[i];
      const [nextX, nextY] = points[i + 1];
      paper.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    if (points.length > 1) paper.lineTo(...points.at(-1));
    paper.stroke();
  }

  function redraw() {
    paper.fillStyle = '#fff';
    paper.fillRect(0, 0, canvas.width, canvas.height);
    strokes.forEach(draw);
  }

  function keep() {
    try {
      sessionStorage.setItem(NAME, JSON.stringify({ shape: shape.value, strokes }));
    } catch { /* too long a drawing: a reload loses it */ }
    changed();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    return [event.clientX - box.left, event.clientY - box.top].map((v) => Math.round(v * scale * 10) / 10);
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const width = Number(pane.querySelector('.width').value) * canvas.width / 512;
    current = { tool, width, points: [place(event)] };
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!current) return;
    current.points.push(...(event.getCoalescedEvents?.() ?? [event]).map(place), place(event));
    redraw();
    draw(current);
  });
  for (const kind of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(kind, () => {
      if (!current) return;
      [strokes, undone, current] = [[...strokes, current], [], null];
      redraw();
      keep();
    });
  }
  const acts = {
    undo() { if (strokes.length) undone.push(strokes.pop()); },
    redo() { if (undone.length) strokes.push(undone.pop()); },
    clear() { [strokes, undone] = [[], [...strokes].reverse()]; },
  };
  const act = (name) => { acts[name](); redraw(); keep(); };
  pane.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.dataset.do) act(button.dataset.do);
    if (!button?.dataset.tool) return;
    tool = button.dataset.tool;
    pane.querySelectorAll('[data-tool]').forEach((b) => b.setAttribute('aria-pressed', b === button));
  });
  shape.addEventListener('change', () => { size(); keep(); });

  const kept = JSON.parse(sessionStorage.getItem(NAME) ?? 'null');
  if (kept) [shape.value, strokes] = [kept.shape, kept.strokes];
  size();
  return {
    act,
    isEmpty: () => !strokes.some((stroke) => stroke.tool === 'pen'),
    file: () => new Promise((done) => {
      canvas.toBlob((blob) => done(new File([blob], 'drawing.png', { type: 'image/png' })));
    }),
  };
}
