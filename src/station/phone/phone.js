// The page: the phones side by side, what one may text from each, and the one line they share.
(function (xx) {
  'use strict';

  const el = xx.el;
  const row = document.querySelector('.street');
  const adding = document.querySelector('.add');
  const muting = document.querySelector('.mute');
  const link = document.querySelector('.link');
  const MOST = 8;

  const all = xx.loadPhones();
  const mailboxes = {};
  let seats = [];

  const page = {
    line: null,
    sound: null,
    mailbox(number) {
      mailboxes[number] = mailboxes[number] || new xx.Mailbox(number);
      return mailboxes[number];
    },
    changed() {
      all.phones = seats.map((seat) => seat.handset.look);
      xx.savePhones(all);
      listen();
    },
  };

  page.sound = new xx.Sound(all.muted, function (muted) {
    all.muted = muted;
    xx.savePhones(all);
    drawMute();
    seats.forEach((seat) => seat.handset.redraw());
  });

  function drawMute() {
    muting.textContent = page.sound.muted ? '声音：关' : '声音：开';
    muting.setAttribute('aria-pressed', String(!page.sound.muted));
  }

  const awake = () => seats.map((seat) => seat.handset).filter((handset) => handset.on);
  const numbers = () => awake().map((handset) => handset.look.number).filter((n, i, list) => list.indexOf(n) === i);

  // Listens from where the phone that is furthest behind left off.
  function listen() {
    page.line.listen(numbers(), function () {
      const heard = numbers().map((number) => page.mailbox(number).heard);
      const same = heard.every((h) => h.epoch === heard[0].epoch);
      return same && heard.length ? { epoch: heard[0].epoch, seq: Math.min.apply(null, heard.map((h) => h.seq)) }
        : { epoch: '', seq: 0 };
    });
  }

  function heard(epoch, event) {
    // Texts come in one order for all phones: what came before this one has been heard by each of them.
    numbers().forEach(function (number) {
      const mailbox = page.mailbox(number);
      if (!mailbox.hears(epoch, event.seq)) return;
      if (number !== event.to) {
        mailbox.save();
        return;
      }
      mailbox.take(event);
      awake().forEach((handset) => handset.mailbox === mailbox && handset.arrive(mailbox.inbox[0]));
      report(mailbox);
    });
  }

  // Tells the daemon of texts that are on a handset, also of those for which the line was lost before.
  function report(mailbox) {
    mailbox.inbox.filter((text) => !text.reported).forEach(function (text) {
      text.reported = true;
      page.line.delivered(text.id).then(() => mailbox.save(), function () {
        text.reported = false;
        mailbox.save();
      });
    });
  }

  function changed(connected) {
    link.textContent = connected ? '已连接' : '无信号，正在重连…';
    link.classList.toggle('lost', !connected);
    seats.forEach((seat) => seat.handset.drawStatus());
    if (connected) numbers().forEach((number) => report(page.mailbox(number)));
  }

  function seat(look) {
    const handset = new xx.Handset(page, look);
    const note = document.getElementById('note').content.cloneNode(true).firstElementChild;
    const number = note.querySelector('input');
    const wrong = note.querySelector('.wrong');
    const remove = note.querySelector('.remove');
    const self = { handset: handset, root: el('article', 'seat', [handset.root, note]), remove: remove };
    number.value = look.number;
    number.addEventListener('input', function () {
      const digits = number.value.replace(/\D/g, '');
      if (digits !== number.value) number.value = digits;
      const good = /^1[3-9]\d{9}$/.test(digits);
      wrong.textContent = good ? '' : '要11位手机号';
      number.setAttribute('aria-invalid', String(!good));
      if (good && digits !== handset.look.number) handset.renumber(digits);
    });
    number.addEventListener('blur', function () {
      number.value = handset.look.number;
      wrong.textContent = '';
      number.setAttribute('aria-invalid', 'false');
    });
    const code = page.line.config.ussdCode;
    note.querySelector('.chip.dial').textContent = '拨 ' + code;
    note.querySelectorAll('.chip').forEach(function (chip) {
      chip.addEventListener('click', function () {
        if (chip.classList.contains('dial')) handset.ring(code);
        else handset.compose(chip.textContent);
        if (handset.screen.getBoundingClientRect().top < 0) handset.root.scrollIntoView({ block: 'start' });
      });
    });
    remove.addEventListener('click', function () {
      seats = seats.filter((other) => other !== self);
      self.root.remove();
      page.changed();
      settle();
    });
    return self;
  }

  function settle() {
    seats.forEach(function (each) { each.remove.hidden = seats.length < 2; });
    adding.disabled = seats.length >= MOST;
  }

  function add(look) {
    const next = seat(look);
    seats.push(next);
    row.append(next.root);
    settle();
    return next;
  }

  function unused() {
    for (let n = 1; ; n += 1) {
      const number = String(13800000000 + n);
      if (!seats.some((each) => each.handset.look.number === number)) return number;
    }
  }

  page.line = new xx.Line(heard, changed);
  document.querySelector('.station').textContent = page.line.config.station;
  document.querySelector('.codes').textContent = page.line.config.shortCodes.join('、');
  drawMute();
  all.phones.slice(0, MOST).forEach(add);
  listen();

  muting.addEventListener('click', () => page.sound.toggle());
  adding.addEventListener('click', function () {
    const next = add({ number: unused(), casing: seats.length % xx.CASINGS.length, big: false });
    page.changed();
    next.root.scrollIntoView({ block: 'nearest', inline: 'center', behavior: 'smooth' });
  });
  window.setInterval(() => seats.forEach((each) => each.handset.tick()), 10000);
  window.addEventListener('pagehide', function () {
    seats.forEach((each) => each.handset.stack.forEach((screen) => screen.leave && screen.leave()));
  });
}(window.xx = window.xx || {}));
