// What the keypad's pinyin knows: a villager's words for selling, buying, work and what got lost, and the
// commonest characters. Data only; input.js reads it. More words: one line each, the likelier ones first.
(function (xx) {
  'use strict';

  // A word and its syllables.
  xx.pinyinWords = `
板蓝根 ban lan gen
多少 duo shao
有多少要多少 you duo shao yao duo shao
采茶 cai cha
采茶工 cai cha gong
包吃 bao chi
包住 bao zhu
包吃住 bao chi zhu
一天 yi tian
每天 mei tian
找活 zhao huo
招工 zhao gong
黄牛 huang niu
水牛 shui niu
小牛 xiao niu
母牛 mu niu
公牛 gong niu
黑猪 hei zhu
小猪 xiao zhu
仔猪 zi zhu
年猪 nian zhu
土猪 tu zhu
肥猪 fei zhu
母猪 mu zhu
土鸡 tu ji
土鸡蛋 tu ji dan
公鸡 gong ji
母鸡 mu ji
鸭子 ya zi
鸭蛋 ya dan
鹅蛋 e dan
山羊 shan yang
黑山羊 hei shan yang
香猪 xiang zhu
从江香猪 cong jiang xiang zhu
小香鸡 xiao xiang ji
右耳 you er
左耳 zuo er
缺口 que kou
昨晚 zuo wan
昨天 zuo tian
今天 jin tian
明天 ming tian
后天 hou tian
今早 jin zao
今晚 jin wan
明早 ming zao
前天 qian tian
早上 zao shang
上午 shang wu
中午 zhong wu
下午 xia wu
晚上 wan shang
捡到 jian dao
看到 kan dao
走失 zou shi
丢了 diu le
不见了 bu jian le
找到 zhao dao
找到了 zhao dao le
一头 yi tou
一只 yi zhi
一个 yi ge
我的 wo de
帮助 bang zhu
撤销 che xiao
退订 tui ding
续期 xu qi
更多 geng duo
成交 cheng jiao
举报 ju bao
评价 ping jia
查询 cha xun
卖完 mai wan
卖了 mai le
不卖了 bu mai le
收到 shou dao
收购 shou gou
出售 chu shou
求购 qiu gou
面议 mian yi
左右 zuo you
大约 da yue
便宜 pian yi
现在 xian zai
自提 zi ti
上门 shang men
上门收 shang men shou
送货 song huo
电话 dian hua
联系 lian xi
号码 hao ma
手机 shou ji
身份证 shen fen zheng
钥匙 yao shi
钱包 qian bao
摩托 mo tuo
摩托车 mo tuo che
三轮车 san lun che
面包车 mian bao che
拖拉机 tuo la ji
收割机 shou ge ji
搭车 da che
坐车 zuo che
拼车 pin che
榕江 rong jiang
榕江县 rong jiang xian
栽麻 zai ma
栽麻镇 zai ma zhen
宰荡 zai dang
宰荡村 zai dang cun
古州 gu zhou
古州镇 gu zhou zhen
忠诚 zhong cheng
忠诚镇 zhong cheng zhen
平永 ping yong
平永镇 ping yong zhen
乐里 le li
乐里镇 le li zhen
朗洞 lang dong
寨蒿 zhai hao
崇义 chong yi
八开 ba kai
车江 che jiang
三宝 san bao
从江 cong jiang
黎平 li ping
凯里 kai li
贵阳 gui yang
都匀 dou yun
贵州 gui zhou
黔东南 qian dong nan
药材 yao cai
天麻 tian ma
杜仲 du zhong
黄柏 huang bai
厚朴 hou po
太子参 tai zi shen
何首乌 he shou wu
灵芝 ling zhi
三七 san qi
钩藤 gou teng
茯苓 fu ling
白及 bai ji
党参 dang shen
当归 dang gui
金银花 jin yin hua
艾叶 ai ye
香菇 xiang gu
木耳 mu er
竹荪 zhu sun
折耳根 zhe er gen
茶叶 cha ye
茶青 cha qing
白茶 bai cha
绿茶 lv cha
稻谷 dao gu
大米 da mi
糯米 nuo mi
香禾 xiang he
香禾糯 xiang he nuo
玉米 yu mi
苞谷 bao gu
红薯 hong shu
洋芋 yang yu
马铃薯 ma ling shu
土豆 tu dou
黄豆 huang dou
绿豆 lv dou
黑豆 hei dou
花生 hua sheng
油菜 you cai
菜籽 cai zi
菜油 cai you
核桃 he tao
板栗 ban li
杨梅 yang mei
柑橘 gan ju
脐橙 qi cheng
柚子 you zi
桃子 tao zi
李子 li zi
梨子 li zi
葡萄 pu tao
西瓜 xi gua
百香果 bai xiang guo
猕猴桃 mi hou tao
蓝莓 lan mei
辣椒 la jiao
白菜 bai cai
萝卜 luo bo
生姜 sheng jiang
大蒜 da suan
蜂蜜 feng mi
土蜂蜜 tu feng mi
鲤鱼 li yu
草鱼 cao yu
泥鳅 ni qiu
黄鳝 huang shan
田螺 tian luo
稻花鱼 dao hua yu
腊肉 la rou
腌鱼 yan yu
砌砖 qi zhuan
砖工 zhuan gong
木工 mu gong
泥工 ni gong
小工 xiao gong
大工 da gong
杂工 za gong
零工 ling gong
短工 duan gong
长期 chang qi
厨师 chu shi
焊工 han gong
司机 si ji
保姆 bao mu
摘茶 zhai cha
打谷 da gu
收稻 shou dao
插秧 cha yang
除草 chu cao
施肥 shi fei
管吃 guan chi
管住 guan zhu
公斤 gong jin
每斤 mei jin
一斤 yi jin
一百 yi bai
两百 liang bai
一千 yi qian
一万 yi wan
块钱 kuai qian
公里 gong li
新鲜 xin xian
干的 gan de
湿的 shi de
晒干 shai gan
质量 zhi liang
谢谢 xie xie
你好 ni hao
您好 nin hao
请问 qing wen
可以 ke yi
没有 mei you
有没有 you mei you
还有 hai you
我有 wo you
我要 wo yao
我在 wo zai
要不要 yao bu yao
什么 shen me
什么时候 shen me shi hou
怎么 zen me
哪里 na li
谁有 shui you
谁要 shui yao
多少钱 duo shao qian
一共 yi gong
全部 quan bu
价格 jia ge
停水 ting shui
停电 ting dian
通知 tong zhi
公告 gong gao
低保 di bao
医保 yi bao
社保 she bao
补贴 bu tie
贷款 dai kuan
赶集 gan ji
孩子 hai zi
老人 lao ren
小孩 xiao hai
老师 lao shi
学校 xue xiao
村委 cun wei
村里 cun li
镇上 zhen shang
县城 xian cheng
家里 jia li
路口 lu kou
桥头 qiao tou
河边 he bian
山上 shan shang
田里 tian li
`;

  // A syllable and its characters, the likeliest first. Of syllables on the same keys the earlier line goes before.
  xx.pinyinCharacters = `
mai 卖买麦
shou 收手受售瘦首
zhao 招找赵照着
xun 寻询
gong 工公共
niu 牛
huo 活货或火
cai 采菜才材
bao 包报保宝苞
chi 吃
jin 斤今近金进
ren 人任认
tian 天甜田
wo 我
ji 鸡几机己及计基即记集急芨级给系
yang 羊养样阳杨洋
jia 价家加夹
cha 茶查
you 有右又由油柚
duo 多
zai 在栽再宰灾
hao 号好
dian 点电
che 撤车
ku 苦裤
dan 担蛋但石
zhu 猪住主竹助
bang 帮
kan 看
dui 对队
li 里理力利立黎李犁栗梨鲤礼
lai 来
qu 去区取
xia 下夏
shang 上伤
chu 出处厨初
a 啊
ai 艾矮
an 安
ao 坳
ba 把爸耙吧
bai 白百柏拜
ban 半办板
bei 被北
ben 本
bi 比必笔
bian 变便边
biao 表
bie 别
bing 并病
bo 伯卜柏
bu 不部补
can 参
cao 草
chai 柴
chan 产
chang 常场长
chen 陈
cheng 成程诚橙
chong 冲虫重
chou 臭
chuan 传穿
chun 春
ci 此次雌
cong 从
cun 村
da 大打达搭
dai 代带袋贷戴大
dang 当荡党
dao 到道导稻
de 的得德地
dei 得
deng 等登
di 地第低弟
ding 订定
diu 丢
dong 动东侗冬
dou 都豆
du 度肚杜都
duan 短断
dun 吨
e 鹅
er 二耳儿而尔
fa 发法
fan 反饭
fang 方放芳
fei 非肥
fen 分份
feng 蜂风
fu 福复妇茯付
gai 改该
gan 感赶干柑
gao 高告
ge 个各格哥割
gei 给
gen 根
geng 更
gou 狗钩
gu 谷古菇
gua 瓜
guan 关管观
guang 光
gui 规贵归
guo 国过果
hai 还海孩害
han 焊旱
hang 行
he 和合何禾核
hei 黑
hen 很
hong 红烘
hou 后候猴厚
hu 户
hua 话化花华
huai 坏
huan 还
huang 黄
hui 会回灰
jian 间见建件捡
jiang 将江匠
jiao 教交角脚椒觉校
jie 解结接界借姐街节
jing 经精
jiu 就酒
ju 据举橘
jue 决觉
jun 军
kai 开凯
ke 可克科咳
kong 空
kou 口
kuai 块快
kuan 款
kuang 筐
la 拉辣腊
lan 蓝兰
lao 老涝
le 了乐
lei 类
lian 联鲢
liang 两量粮梁粱
liao 疗了
ling 领铃零灵苓
liu 刘
long 龙笼
lu 路陆
lun 论轮
luo 骡罗萝螺
lv 驴绿
ma 麻马吗妈
man 慢蛮
mang 忙
mao 猫冒帽
me 么
mei 没每美梅妹莓
men 们门
mi 米蜜猕迷
mian 面
miao 苗
min 民
ming 名明命
mo 摩
mu 母亩目木
na 那哪
nai 奶
nan 难南男
ne 呢
nei 内那
nen 嫩
neng 能
ni 你泥
nian 年廿
nin 您
nong 农
nuo 糯
nv 女
o 哦
pai 牌
pan 潘
pang 胖
pen 喷
peng 棚
pi 匹
pin 品聘拼
ping 平评
po 坡
pu 葡朴
qi 起其气期砌七
qian 前钱
qiang 强
qiao 桥
qie 且切
qin 亲
qing 情清请轻
qiu 求鳅秋
quan 全权圈
que 缺却确
ran 然
rang 让
ri 日
rong 榕
rou 肉
ru 如入
san 三散
sao 嫂
se 色
shai 晒
shan 山鳝
shao 少烧
she 社设蛇赊折
shei 谁
shen 什身神婶参
sheng 生声绳省
shi 是十时事实使世市式师识失食石湿匙什
shu 数书术薯树叔
shuai 摔
shui 水谁
shun 顺
shuo 说
si 斯四司思死
song 送
sou 嗽
su 宿
suan 酸
sui 岁
sun 孙荪
suo 所
ta 他她它塌
tai 太
tan 炭谈
tang 糖
tao 桃萄
te 特
teng 疼藤
ti 体提题
tiao 条
tie 贴
ting 听停挺
tong 同通统痛
tou 头
tu 兔土
tui 退腿
tun 屯
tuo 托拖
wa 瓦
wai 外
wan 晚万完
wang 王望往旺
wei 为位尾韦伟圩
wen 问文瘟
wu 无物务五午吴雾乌
xi 西系息媳稀
xian 现先县险鲜
xiang 想向相像象箱乡香
xiao 小销校
xie 些械谢鞋
xin 心新信
xing 行性形腥星
xiong 雄
xiu 秀修
xu 续许圩
xuan 选
xue 学雪
ya 鸭
yan 眼盐
yao 要药瑶咬钥
ye 也业叶夜爷野
yi 一以意已义宜议医疫衣
yin 因印银
ying 应英
yong 用永鳙
yu 于与鱼雨芋玉
yuan 元原员院
yue 月约乐
yun 运匀
zao 早
ze 则
zen 怎
zhai 寨摘
zhan 战展
zhang 长张账
zhe 这着者折
zhei 这
zhen 真镇
zheng 正政争证
zhi 只知之制直指至治芝质
zhong 中种重忠仲
zhou 周州
zhuan 砖传
zhuang 装
zi 自子资籽紫
zong 总
zou 走
zu 租组族
zui 最
zuo 昨左作做坐
`;
}(window.xx = window.xx || {}));
