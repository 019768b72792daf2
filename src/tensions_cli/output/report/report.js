"use strict";
(() => {
  const NBSP = "\u00a0";
  const SLICE = 50;
  const RELATIONS = ["opposition", "articulation", "juxtaposition"];
  const byId = (id) => document.getElementById(id);
  const number = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, NBSP);
  const plural = (n, one, many) => `${number(n)}${NBSP}${n < 2 ? one : many}`;
  const make = (name, attributes = {}, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  };

  // Theme: the system's, light, dark. Nothing is kept.
  const themes = ["automatique", "clair", "sombre"];
  const values = { clair: "light", sombre: "dark" };
  let theme = 0;
  const button = byId("theme");
  button.classList.remove("hidden");
  button.addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    button.textContent = `Thème${NBSP}: ${themes[theme]}`;
    if (theme) document.documentElement.dataset.theme = values[themes[theme]];
    else delete document.documentElement.dataset.theme;
  });

  // On paper every table is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  const packed = byId("donnees");
  if (!packed) return;
  const progress = byId("depliage");
  progress.classList.remove("hidden");
  if (typeof DecompressionStream === "undefined") {
    progress.textContent =
      "Ce navigateur est trop ancien pour déplier les passages. Mettez-le à jour, ou tapez : tensions report SOURCES --format md -o rapport.md";
    return;
  }

  const unpack = async () => {
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // Case and accents do not count, nor which apostrophe; `places` leads back to the text as it stands.
  const fold = (text) =>
    text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[’ʼ]/g, "'").replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[\s\u00a0\u202f]+/g, " ");
  const foldWithPlaces = (text) => {
    const places = [];
    let folded = "";
    for (let i = 0; i < text.length; ) {
      let j = i + (text.codePointAt(i) > 0xffff ? 2 : 1);
      while (j < text.length && /\p{M}/u.test(String.fromCodePoint(text.codePointAt(j)))) j += text.codePointAt(j) > 0xffff ? 2 : 1;
      let part = fold(text.slice(i, j));
      if (part === " " && folded.endsWith(" ")) part = "";
      for (let k = 0; k < part.length; k += 1) places.push([i, j]);
      folded += part;
      i = j;
    }
    return { folded, places };
  };

  // As many stances, axes and scores as there are logics; relations by pair where there are more than two of them.
  const passage = (row, data) => {
    const [document_, speaker, ...filed] = data.voices[row[0]];
    const n = data.poles.length;
    const [stances, axes, scores] = [0, 1, 2].map((rank) => row.slice(6 + rank * n, 6 + (rank + 1) * n));
    const [flags, question, evidence] = row.slice(6 + 3 * n);
    return {
      document: document_, speaker, filed, voice: row[0], start: row[1], end: row[2], turn: row[3], label: row[4],
      relation: row[5], pairs: data.pairs.length ? row[9 + 3 * n] : [], stances, axes, scores,
      certain: Boolean(flags & 1), counted: Boolean(flags & 2), human: Boolean(flags & 4),
      question: question < 0 ? null : data.questions[question], evidence, text: row.at(-1), folded: null,
    };
  };

  const start = (data) => {
    const passages = data.rows.map((row) => passage(row, data));
    delete data.rows;
    const name = (one) => data.documents[one.document];
    const reference = (one) => `${name(one)}#${one.start}-${one.end}${one.turn ? `, tour ${one.turn}` : ""}`;
    const list = byId("liste");
    const fields = Object.fromEntries(
      ["texte", "etiquette", "relation", "posture", "axe", "document", "groupe", "locuteur", "certain"].map((id) => [id, byId(`f-${id}`)]),
    );
    const order = byId("f-ordre");
    let found = passages;
    let shown = 0;

    // Choices that depend on the corpus.
    const option = (value, words) => make("option", { value }, words);
    fields.document.append(...data.documents.map((words, rank) => option(rank, words)));
    data.fields.forEach(([title, groups], field) => {
      const group = make("optgroup", { label: title });
      group.append(...groups.map((words, rank) => option(`${field}-${rank}`, words)));
      if (groups.length) fields.groupe.append(group);
    });
    if (fields.groupe.length < 2) byId("bloc-groupe").classList.add("hidden");
    const speakers = () => {
      const chosen = fields.document.value;
      const kept = fields.locuteur.value;
      fields.locuteur.replaceChildren(option("", "tous"));
      const names = new Map();
      for (const [document_, speaker] of data.voices) {
        if (speaker === null || (chosen !== "" && document_ !== Number(chosen))) continue;
        if (!names.has(document_)) names.set(document_, new Set());
        names.get(document_).add(speaker);
      }
      for (const [document_, own] of names) {
        const group = make("optgroup", { label: data.documents[document_] });
        group.append(...[...own].map((speaker) => option(JSON.stringify([document_, speaker]), speaker)));
        fields.locuteur.append(group);
      }
      fields.locuteur.value = [...fields.locuteur.options].some((one) => one.value === kept) ? kept : "";
      byId("bloc-locuteur").classList.toggle("hidden", !names.size && chosen === "");
    };
    speakers();

    // Filters.
    const wanted = () => {
      const pick = (field) => fields[field].value;
      const tests = [];
      const text = fold(pick("texte").trim());
      if (pick("etiquette") !== "") tests.push((one) => one.label === Number(pick("etiquette")));
      if (pick("relation") !== "") {
        const [relation, pair] = pick("relation").split("-").map(Number);
        tests.push(pair === undefined ? (one) => one.relation === relation : (one) => one.pairs[pair] === relation);
      }
      if (pick("posture") !== "") {
        const [pole, stance] = pick("posture").split("-").map(Number);
        tests.push((one) => one.stances[pole] === stance);
      }
      if (pick("axe") !== "") {
        const [axis, pole] = pick("axe").split("-").map(Number);
        const bit = 1 << axis;
        tests.push(pole === undefined ? (one) => one.axes.some((axes) => axes & bit) : (one) => one.axes[pole] & bit);
      }
      if (pick("document") !== "") tests.push((one) => one.document === Number(pick("document")));
      if (pick("groupe") !== "") {
        const [field, rank] = pick("groupe").split("-").map(Number);
        tests.push((one) => one.filed[field] === rank);
      }
      if (pick("locuteur") !== "") {
        const [document_, speaker] = JSON.parse(pick("locuteur"));
        tests.push((one) => one.document === document_ && one.speaker === speaker);
      }
      if (fields.certain.checked) tests.push((one) => one.certain);
      if (text)
        tests.push((one) => {
          one.folded ??= fold(one.text);
          return one.folded.includes(text);
        });
      return { tests, text };
    };

    const update = () => {
      const { tests } = wanted();
      found = tests.length ? passages.filter((one) => tests.every((test) => test(one))) : passages;
      if (order.value === "tensions") found = [...found.filter((one) => one.relation === 0), ...found.filter((one) => one.relation !== 0)];
      shown = 0;
      list.replaceChildren();
      byId("effacer").classList.toggle("hidden", !tests.length);
      more(SLICE);
    };

    const tell = () => {
      const total = plural(passages.length, "passage", "passages");
      const some = found.length === passages.length ? total : `${number(found.length)} sur ${total}`;
      byId("compte").textContent = found.length
        ? `${some}${shown < found.length ? `, ${plural(shown, "affiché", "affichés")}` : ""}`
        : `Aucun passage ne répond à ces filtres (${total} en tout).`;
      const rest = found.length - shown;
      byId("suite-bloc").classList.toggle("hidden", !rest);
      byId("suite").textContent = `Afficher la suite (${number(Math.min(SLICE, rest))} sur ${number(rest)})`;
    };

    const more = (count) => {
      const { text } = wanted();
      const slice = found.slice(shown, shown + count);
      const first = list.children.length;
      list.append(...slice.map((one, rank) => draw(one, text, found[shown + rank - 1])));
      shown += slice.length;
      tell();
      return list.children[first];
    };

    // One passage.
    const swatch = (paint) => {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", "swatch");
      svg.setAttribute("viewBox", "0 0 20 10");
      svg.setAttribute("aria-hidden", "true");
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      rect.setAttribute("width", "20");
      rect.setAttribute("height", "10");
      rect.setAttribute("fill", paint);
      svg.append(rect);
      return svg;
    };

    const words = (one, text) => {
      const marks = [];
      for (let i = 0; i < one.evidence.length; i += 4) marks.push(one.evidence.slice(i, i + 4));
      const hits = [];
      if (text) {
        const { folded, places } = foldWithPlaces(one.text);
        for (let at = folded.indexOf(text); at >= 0; at = folded.indexOf(text, at + text.length))
          hits.push([places[at][0], places[at + text.length - 1][1]]);
      }
      const edges = new Set([0, one.text.length, ...marks.flatMap(([from, to]) => [from, to]), ...hits.flat()]);
      const sorted = [...edges].sort((a, b) => a - b);
      const parts = [`«${NBSP}`];
      for (let k = 0; k + 1 < sorted.length; k += 1) {
        const [from, to] = [sorted[k], sorted[k + 1]];
        const over = marks.filter((mark) => mark[0] <= from && to <= mark[1]);
        let part = one.text.slice(from, to).replace(/\n/g, " ");
        if (hits.some((hit) => hit[0] <= from && to <= hit[1])) part = make("mark", {}, part);
        if (over.length) {
          const poles = [...new Set(over.map((mark) => mark[2]))].sort();
          const titles = over.map((mark) => data.poles[mark[2]] + (mark[3] < 0 ? "" : `, ${data.axes[mark[3]]}`));
          part = make("span", { class: poles.length > 1 && data.pairs.length ? "several" : poles.map((pole) => data.marks[pole]).join(" "), title: [...new Set(titles)].join(" · ") }, part);
        }
        parts.push(part);
      }
      parts.push(`${NBSP}»`);
      return parts;
    };

    const heading = (one) => {
      const parts = [];
      const label = make("span", { class: "label" }, swatch(data.paints[one.label]), data.labels[one.label]);
      parts.push(label);
      // With more than two logics, each relation names its pairs.
      RELATIONS.forEach((name, relation) => {
        const pairs = data.pairs.filter((_, pair) => one.pairs[pair] === relation);
        if (relation !== one.relation && !pairs.length) return;
        const words_ = (relation ? name : "opposition (tension)") + (pairs.length ? `${NBSP}: ${pairs.join(", ")}` : "");
        parts.push(make("span", { class: relation ? "" : "tension" }, words_));
      });
      const both = data.labels[one.label] === "mixte";
      const stances = one.stances.flatMap((stance, pole) => (stance < 0 ? [] : [`${both ? `${data.letters[pole]}${NBSP}` : ""}${data.stances[stance]}`]));
      if (stances.length) parts.push(make("span", {}, stances.join(", ")));
      if (!one.certain) parts.push(make("span", { class: "soft" }, "incertain"));
      if (one.human) parts.push(make("span", { class: "soft" }, "codé à la main"));
      if (!one.counted) parts.push(make("span", { class: "soft" }, "non compté"));
      return parts;
    };

    const footing = (one) => {
      const parts = [];
      const axes = data.axes.flatMap((axis, rank) => {
        const poles = data.letters.filter((_, pole) => one.axes[pole] & (1 << rank));
        return poles.length ? [`${axis}${NBSP}${poles.join(" et ")}`] : [];
      });
      if (axes.length) parts.push(make("span", {}, `Axes${NBSP}: ${axes.join(", ")}`));
      const scores = one.scores.map((score, pole) => `${pole ? "" : `Scores${NBSP}: `}${data.letters[pole]}${NBSP}${(score / 100).toFixed(2).replace(".", ",")}`);
      parts.push(make("span", { class: "scores" }, ...scores.map((words_) => make("span", {}, words_))));
      if (one.speaker !== null) parts.push(make("bdi", {}, one.speaker));
      parts.push(make("code", {}, reference(one)));
      const copy = make("button", { type: "button", class: "quiet", "aria-label": `Copier la référence ${reference(one)}` }, "Copier la référence");
      copy.addEventListener("click", () => copyText(reference(one), copy));
      parts.push(copy);
      return parts;
    };

    const draw = (one, text, before) => {
      const item = byId("modele-passage").content.cloneNode(true).firstElementChild;
      const part = (selector) => item.querySelector(selector);
      item.querySelector("article").setAttribute("aria-label", `${data.labels[one.label]}, ${reference(one)}`);
      part("header").replaceChildren(...heading(one));
      // A question stands once over the passages that answer it.
      const asked = before && before.document === one.document && before.question === one.question;
      if (one.question && !asked) part(".question").append(`Question${NBSP}: ${one.question}`);
      else part(".question").remove();
      part("blockquote").append(...words(one, text));
      part("footer").append(...footing(one));
      return item;
    };

    const copyText = async (words_, from) => {
      let done = true;
      try {
        await navigator.clipboard.writeText(words_);
      } catch {
        const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
        area.value = words_;
        document.body.append(area);
        area.select();
        done = document.execCommand("copy");
        area.remove();
        from.focus();
      }
      from.textContent = done ? "Référence copiée" : "Copie refusée par le navigateur";
      setTimeout(() => { from.textContent = "Copier la référence"; }, 2500);
    };

    // From a figure or a table to the passages of one document, at a place if one is given.
    const clear = () => {
      for (const field of Object.values(fields)) {
        if (field.type === "checkbox") field.checked = false;
        else field.value = "";
      }
      speakers();
    };
    const read = (document_, from = 0) => {
      clear();
      if (from) order.value = "textes";
      fields.document.value = data.documents.indexOf(document_);
      if (fields.document.selectedIndex < 0) fields.document.value = "";
      speakers();
      update();
      const rank = Math.max(0, found.findIndex((one) => one.start >= from));
      if (from && rank >= shown) more(rank - shown + 1);
      const target = from ? list.children[rank] : null;
      (target ? target.querySelector("article") : byId("titre-passages")).focus({ preventScroll: true });
      (target ?? byId("passages")).scrollIntoView();
    };
    byId("titre-passages").tabIndex = -1;
    for (const link of document.querySelectorAll("a[data-document]"))
      link.addEventListener("click", (event) => {
        event.preventDefault();
        const place = /#(\d+)-\d+$/.exec(link.dataset.passage ?? "");
        read(link.dataset.document, place ? Number(place[1]) : 0);
      });
    for (const curve of document.querySelectorAll("svg.course")) {
      const name_ = curve.closest("li").querySelector("a[data-document]")?.dataset.document;
      const steps = data.steps[name_];
      if (!steps) continue;
      curve.classList.add("live");
      curve.addEventListener("click", (event) => {
        const box = curve.getBoundingClientRect();
        const rank = Math.floor(((event.clientX - box.left) / box.width) * steps.length);
        read(name_, steps[Math.min(steps.length - 1, Math.max(0, rank))]);
      });
    }

    let waiting = 0;
    byId("f-texte").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(update, 180);
    });
    fields.document.addEventListener("change", speakers);
    byId("filtres").addEventListener("change", (event) => { if (event.target !== fields.texte) update(); });
    byId("filtres").addEventListener("submit", (event) => { event.preventDefault(); update(); });
    byId("effacer").addEventListener("click", () => { clear(); update(); fields.texte.focus(); });
    byId("suite").addEventListener("click", () => more(SLICE)?.querySelector("article").focus());
    byId("tout").addEventListener("click", () => more(found.length)?.querySelector("article").focus());
    progress.classList.add("hidden");
    for (const id of ["filtres", "trouves"]) byId(id).classList.remove("hidden");
    update();
    document.documentElement.dataset.ready = "oui";
  };

  unpack().then(start, () => {
    progress.textContent = "Les passages n’ont pas pu être dépliés : le fichier est peut-être incomplet.";
  });
})();
