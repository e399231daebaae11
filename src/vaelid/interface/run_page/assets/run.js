// The walk: observations decoded on a grid of two latent coordinates, one byte per value, mixed bilinearly.
(() => {
  const walk = JSON.parse(document.getElementById('walk-data').textContent);
  const grid = Uint8Array.from(atob(walk.grid), c => c.charCodeAt(0));
  const [columns, rows] = walk.nodes, [channels, height, width] = walk.obs, size = channels * height * width;
  const map = document.getElementById('map'), cross = document.getElementById('cross');
  const canvas = document.getElementById('dec'), pen = canvas.getContext('2d'), pos = document.getElementById('pos');
  const clamp = value => Math.max(-walk.limit, Math.min(walk.limit, value));
  let [first, second] = walk.start;

  // the cell of a coordinate among n nodes, and how far into it
  const cell = (value, n) => {
    const at = (value + walk.limit) / (2 * walk.limit) * (n - 1), node = Math.max(0, Math.min(n - 2, Math.floor(at)));
    return n > 1 ? [node, node + 1, at - node] : [0, 0, 0];
  };
  const decoded = () => {
    const [left, right, s] = cell(first, columns), [below, above, t] = cell(second, rows), out = new Float64Array(size);
    const corners = [
      [below, left, (1 - t) * (1 - s)], [below, right, (1 - t) * s], [above, left, t * (1 - s)], [above, right, t * s],
    ];
    for (const [row, column, share] of corners) {
      const from = (row * columns + column) * size;
      for (let k = 0; k < size; k++) out[k] += share * grid[from + k];
    }
    return out;
  };

  const paint = {
    ink(values) {
      const image = pen.createImageData(width, height);
      for (let k = 0; k < size; k++) image.data[4 * k + 3] = values[k];
      pen.putImageData(image, 0, 0);
    },
    colour(values) {
      const image = pen.createImageData(width, height), plane = width * height;
      for (let k = 0; k < plane; k++) {
        for (let c = 0; c < 3; c++) image.data[4 * k + c] = values[c * plane + k];
        image.data[4 * k + 3] = 255;
      }
      pen.putImageData(image, 0, 0);
    },
    profile(values) {
      const { width: w, height: h } = canvas, x = k => 12 + (w - 24) * (size > 1 ? k / (size - 1) : .5);
      const y = value => h - 12 - (h - 24) * value / 255;
      pen.clearRect(0, 0, w, h);
      if (walk.zero !== null) {
        pen.strokeStyle = '#0003'; pen.lineWidth = 2;
        pen.beginPath(); pen.moveTo(0, y(walk.zero)); pen.lineTo(w, y(walk.zero)); pen.stroke();
      }
      pen.strokeStyle = pen.fillStyle = '#000'; pen.lineWidth = 4; pen.lineJoin = 'round';
      pen.beginPath(); values.forEach((value, k) => pen.lineTo(x(k), y(value))); pen.stroke();
      if (size <= 40) values.forEach((value, k) => { pen.beginPath(); pen.arc(x(k), y(value), 5, 0, 7); pen.fill(); });
    },
  };

  const show = () => {
    paint[walk.kind](decoded());
    const across = walk.centre[0] + walk.unit[0] * first, up = walk.centre[1] - walk.unit[1] * second;
    cross.setAttribute('transform', `translate(${across} ${up})`);
    const words = (rows > 1 ? [first, second] : [first]).map(v => (v + 0).toFixed(2).replace('-0.00', '0.00'));
    pos.textContent = (rows > 1 ? `(${words.join(', ')})` : words[0]).replaceAll('-', '−');
  };
  const follow = event => {
    const box = map.getBoundingClientRect(), scale = map.viewBox.baseVal.width / box.width;
    first = clamp(((event.clientX - box.left) * scale - walk.centre[0]) / walk.unit[0]);
    if (rows > 1) second = clamp((walk.centre[1] - (event.clientY - box.top) * scale) / walk.unit[1]);
    show();
  };
  map.addEventListener('pointermove', follow);
  map.addEventListener('pointerdown', follow);
  // an arrow goes half a node of the grid, with Shift two nodes
  map.addEventListener('keydown', event => {
    const d = walk.limit / (columns - 1) * (event.shiftKey ? 4 : 1), e = rows > 1 ? d : 0;
    const move = {
      ArrowLeft: [-d, 0], ArrowRight: [d, 0], ArrowUp: [0, e], ArrowDown: [0, -e], Home: [-first, -second],
    }[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    [first, second] = [clamp(first + move[0]), clamp(second + move[1])];
    show();
    event.preventDefault();
  });
  const buttons = document.querySelectorAll('.classes button');
  buttons.forEach(button => button.addEventListener('click', () => {
    const on = button.getAttribute('aria-pressed') !== 'true';
    buttons.forEach(other => other.setAttribute('aria-pressed', other === button && on));
    document.querySelectorAll('#points .d').forEach(
      mark => mark.classList.toggle('off', on && !mark.classList.contains(button.dataset.of)));
  }));
  show();
})();
