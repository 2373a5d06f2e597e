// What the phones remember in this browser: which phones there are, and for each number its texts and the draft.
(function (xx) {
  'use strict';

  const PHONES = 'xiangxun.phones';
  const MAILBOX = 'xiangxun.texts.';
  const KEEP = 200;

  // Without localStorage (private windows, a full disk) the phones work and forget.
  function read(key) {
    try {
      return JSON.parse(window.localStorage.getItem(key));
    } catch (e) {
      return null;
    }
  }

  function write(key, value) {
    try {
      window.localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch (e) {
      return false;
    }
  }

  // 32 hex digits: the id of an MO, the same for every try to send it.
  xx.newId = function () {
    const bytes = new Uint8Array(16);
    window.crypto.getRandomValues(bytes);
    return Array.from(bytes, (b) => ('0' + b.toString(16)).slice(-2)).join('');
  };

  // {phones: [{number, casing, big}], muted}
  xx.loadPhones = function () {
    const kept = read(PHONES);
    if (kept && Array.isArray(kept.phones) && kept.phones.length) return kept;
    return {
      muted: false,
      phones: [{ number: '13800000001', casing: 0, big: false }, { number: '13800000002', casing: 1, big: false }],
    };
  };

  xx.savePhones = (all) => write(PHONES, all);

  // Texts of one number, newest first. It belongs to the number, as to a SIM card, and not to the casing.
  xx.Mailbox = class {
    constructor(number) {
      this.number = number;
      const kept = read(MAILBOX + number) || {};
      this.inbox = kept.inbox || [];
      this.sent = kept.sent || [];
      this.draft = kept.draft || '';
      // The last event heard: {epoch, seq}.
      this.heard = kept.heard || { epoch: '', seq: 0 };
      // The page was closed while these were on their way: whether they arrived is not known, so they may be sent again.
      this.sent.forEach(function (text) {
        if (text.state === 'sending') text.state = 'failed';
      });
    }

    save() {
      this.inbox.length = Math.min(this.inbox.length, KEEP);
      this.sent.length = Math.min(this.sent.length, KEEP);
      return write(MAILBOX + this.number, {
        inbox: this.inbox, sent: this.sent, draft: this.draft, heard: this.heard,
      });
    }

    // True for what was not heard before; from now on it was. Texts come in order.
    hears(epoch, seq) {
      if (this.heard.epoch === epoch && seq <= this.heard.seq) return false;
      this.heard = { epoch: epoch, seq: seq };
      return true;
    }

    // Keeps a text from the line.
    take(event) {
      this.inbox.unshift({
        id: event.id, from: event.from, text: event.text, at: event.at, read: false, reported: false,
      });
      this.save();
    }

    unread() {
      return this.inbox.filter((text) => !text.read).length;
    }

    clear() {
      this.inbox = [];
      this.sent = [];
      this.draft = '';
      this.save();
    }
  };
}(window.xx = window.xx || {}));
